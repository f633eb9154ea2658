//! Documents become objects of the types that answers read, checked as the API server would.

use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::decode::{self, DecodeError};
use super::manifest::Manifest;
use super::misnamed::{self, Meant};
use super::reader::Reader;
use super::{hidden, makers, schema};
use crate::model::origin::ObjectOrigin;
use crate::model::snapshot::PolicyMeta;
use crate::objects::gateway::ROUTES;
use crate::objects::meta::Meta;
use crate::objects::object::{Object, ObjectKey, PolicyRead};
use crate::objects::plugin::DaemonSetRead;
use crate::policy::check::Report;
use crate::policy::{KnownKind, PolicyKind};

/// Unknown fields of an object that are told one by one.
const MOST_UNKNOWN: usize = 100;

impl Reader<'_> {
    /// Reads an object, whatever its kind.
    pub(super) fn object(&mut self, document: &Manifest<'_>) {
        match document.policy() {
            Some(KnownKind::Judged(kind)) => return self.policy(document, kind),
            // Of a kind that is not judged counts only that it is there.
            Some(KnownKind::Unjudged(_)) => {
                return self.read(document, |_: Headed| Object::Unjudged, |header| &header.metadata);
            }
            None => {}
        }
        if let Some(version) = misnamed::elsewhere(document.api_version, document.kind) {
            let Manifest { kind, api_version, .. } = document;
            let message =
                format!("no matches for kind \"{kind}\" in version \"{api_version}\"; use {version}");
            return self.error(document, "apiVersion", &message);
        }
        let (group, version) =
            document.api_version.split_once('/').unwrap_or(("", document.api_version));
        match (group, document.kind) {
            ("", "Namespace") => {
                let wrap = |header: Headed| Object::Namespace(header.metadata);
                self.read(document, wrap, |header| &header.metadata);
            }
            ("", "Pod") => self.read(document, |pod| Object::Pod(Box::new(pod)), |pod| &pod.metadata),
            ("", "Node") => self.read(document, Object::Node, |node| &node.metadata),
            ("", "Service") => {
                self.read(document, |read| Object::Service(Box::new(read)), |read| &read.metadata);
            }
            ("discovery.k8s.io", "EndpointSlice") => {
                self.read(document, |read| Object::EndpointSlice(Box::new(read)), |read| &read.metadata);
            }
            ("networking.k8s.io", "Ingress") if version == "v1" => {
                self.read(document, |read| Object::Ingress(Box::new(read)), |read| &read.metadata.meta);
            }
            ("networking.k8s.io", "IngressClass") => {
                self.read(
                    document,
                    |read| Object::IngressClass(Box::new(read)),
                    |read| &read.metadata.meta,
                );
            }
            ("gateway.networking.k8s.io", "Gateway") => {
                self.read(document, |read| Object::Gateway(Box::new(read)), |read| &read.metadata);
            }
            ("gateway.networking.k8s.io", "ReferenceGrant") => {
                self.read(
                    document,
                    |read| Object::ReferenceGrant(Box::new(read)),
                    |read| &read.metadata,
                );
            }
            ("gateway.networking.k8s.io", kind) if ROUTES.contains(&kind) => {
                self.read(document, |read| Object::Route(Box::new(read)), |read| &read.metadata);
            }
            ("apps", "DaemonSet") if document.has_pod_template() => {
                let wrap = |read: DaemonSetRead| Object::Workload(read.0);
                self.read(document, wrap, |read| &read.0.metadata);
            }
            _ if document.has_pod_template() => {
                self.read(document, |read| Object::Workload(Box::new(read)), |read| &read.metadata);
            }
            _ => self.dropped(document),
        }
    }

    /// Tells of an object that is not read, where it is nearly one that is: without a policy that was
    /// meant the answer would be another.
    fn dropped(&mut self, document: &Manifest<'_>) {
        let kind = ObjectKey::new(document.group(), document.kind, "", "").kind;
        if makers::is_maker(document.group(), document.kind) {
            *self.makers.entry(kind.clone()).or_default() += 1;
        }
        *self.objects.passed_over.kinds.entry(kind.into()).or_default() += 1;
        if hidden::is_placeholder(document.kind) {
            return self.error(document, "kind", &format!("a placeholder, {}", document.kind));
        }
        let Some(meant) = misnamed::meant(document.api_version, document.kind) else { return };
        let Meant { api_version, kind, is_policy } = meant;
        let [own_version, own_kind] = [document.api_version, document.kind].map(misnamed::spelt);
        let message = format!(
            "there is no kind `{own_kind}` of apiVersion `{own_version}`; use kind {kind} of apiVersion \
             {api_version}"
        );
        if is_policy {
            return self.error(document, "", &message);
        }
        self.objects.warnings.push(document.line("", &format!("skipped: {message}")));
    }

    /// Reads an object of a type, checks it, and keeps it.
    fn read<T: DeserializeOwned>(
        &mut self,
        document: &Manifest<'_>,
        wrap: impl FnOnce(T) -> Object,
        meta: impl Fn(&T) -> &Meta,
    ) {
        match decode::decode::<T>(document.node) {
            Err(error) => self.decode_error(document, &error),
            Ok((object, _)) => {
                self.check_schema(document);
                let mut report = Report::default();
                // Nobody selects nodes by their labels.
                if document.kind != "Node" {
                    report.labels("metadata.labels", &meta(&object).labels);
                }
                self.report(document, report);
                let key = document.key(meta(&object));
                self.keep(document, key, wrap(object));
            }
        }
    }

    /// Reads a policy.
    fn policy(&mut self, document: &Manifest<'_>, kind: &PolicyKind) {
        let served = kind.versions.iter().map(|version| format!("{}/{version}", kind.group));
        let served: Vec<String> = served.collect();
        if served.iter().all(|served| document.api_version != served) {
            let (given, served) = (document.api_version, served.join(" or "));
            let message = format!("no such version `{given}`; use {served}");
            return self.error(document, "apiVersion", &message);
        }
        let spec = match decode::decode_seed(document.node, (kind.empty)()) {
            Err(error) => return self.decode_error(document, &error),
            Ok((spec, unknown)) => {
                self.unknown_fields(document, unknown);
                spec
            }
        };
        let header = match decode::decode::<Headed>(document.node) {
            Err(error) => return self.decode_error(document, &error),
            Ok((header, _)) => header,
        };
        let mut report = Report::default();
        report.labels("metadata.labels", &header.metadata.labels);
        (kind.check)(&spec, &mut report);
        self.report(document, report);
        let lines = document.lines(kind);
        let origin = ObjectOrigin::File { file: Arc::from(document.file), lines };
        let key = document.key(&header.metadata);
        let annotations = document.node.at(&["metadata", "annotations"]).map(decode::decode);
        let annotations = annotations.and_then(Result::ok).map(|read| read.0).unwrap_or_default();
        let metadata = PolicyMeta::new(header.metadata.labels, annotations);
        self.keep(document, key, Object::Policy(Box::new(PolicyRead { metadata, origin, spec })));
    }

    /// Reports fields that the type does not have; a value of a wrong type is told, but for those that
    /// answers need, which were read before.
    fn check_schema(&mut self, document: &Manifest<'_>) {
        let checked = schema::check(document.api_version, document.kind, document.node);
        for error in &checked.mistyped {
            let line = document.line(&error.path, &error.problem.to_string());
            self.objects.warnings.push(line);
        }
        self.unknown_fields(document, checked.unknown);
    }

    fn unknown_fields(&mut self, document: &Manifest<'_>, unknown: Vec<String>) {
        // What a server reports is not what a user wrote: it says nothing about the intent.
        let written = |path: &String| path != "status" && !path.starts_with("status.");
        let mut unknown = unknown.into_iter().filter(written);
        for path in unknown.by_ref().take(MOST_UNKNOWN) {
            let name = path.rsplit('.').next().unwrap_or_default();
            let message = format!("unknown field `{name}`");
            // Newer servers have fields that this version does not know. In a policy and in labels
            // they would change the answer; elsewhere they are worth a word.
            let is_judged = matches!(document.policy(), Some(KnownKind::Judged(_)));
            if is_judged || path.contains("metadata.") {
                self.error(document, &path, &message);
            } else {
                let line = document.line(&path, &message);
                self.objects.warnings.push(line);
            }
        }
        let more = unknown.count();
        if more > 0 {
            let message = format!("{more} more unknown fields");
            self.objects.warnings.push(document.line("", &message));
        }
    }

    fn report(&mut self, document: &Manifest<'_>, report: Report) {
        for (path, message) in report.errors {
            self.error(document, &path, &message);
        }
        for (path, message) in report.warnings {
            self.objects.warnings.push(document.line(&path, &message));
        }
    }

    fn decode_error(&mut self, document: &Manifest<'_>, error: &DecodeError) {
        self.error(document, &error.path, &error.problem.to_string());
    }
}

/// The part that all objects share.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Headed {
    metadata: Meta,
}
