//! Kinds whose objects make pods that no file shows: a controller renders them.

use crate::model::gap::{Gap, GapReason, GapScope, Unread};

/// The kinds, by group.
const MAKERS: [(&str, &[&str]); 14] = [
    ("helm.toolkit.fluxcd.io", &["HelmRelease"]),
    ("kustomize.toolkit.fluxcd.io", &["Kustomization"]),
    ("helm.cattle.io", &["HelmChart"]),
    ("argoproj.io", &["Application", "ApplicationSet"]),
    ("monitoring.coreos.com", &["Prometheus", "PrometheusAgent", "Alertmanager", "ThanosRuler"]),
    ("operator.victoriametrics.com", &["VMSingle", "VMCluster", "VMAgent", "VMAlert", "VMAlertmanager"]),
    ("postgresql.cnpg.io", &["Cluster"]),
    ("acid.zalan.do", &["postgresql"]),
    ("kafka.strimzi.io", &["Kafka", "KafkaConnect", "KafkaNodePool"]),
    ("rabbitmq.com", &["RabbitmqCluster"]),
    ("elasticsearch.k8s.elastic.co", &["Elasticsearch"]),
    ("kibana.k8s.elastic.co", &["Kibana"]),
    ("jaegertracing.io", &["Jaeger"]),
    ("opentelemetry.io", &["OpenTelemetryCollector"]),
];

/// Tells whether objects of a kind make pods that nobody can know from them.
pub(crate) fn is_maker(group: &str, kind: &str) -> bool {
    MAKERS.iter().any(|(known, kinds)| *known == group && kinds.contains(&kind))
}

/// Says that what so many objects of a kind make was not read.
pub(crate) fn gap(kind: &str, count: usize) -> Gap {
    let unread = Unread::Made { kind: kind.into(), count };
    Gap { unread, reason: GapReason::MadeElsewhere, scope: GapScope::Incomplete }
}
