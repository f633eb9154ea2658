//! Brings the addresses of remembered hosts up to date, of each namespace beside the others: none of them
//! keeps the others waiting, and what is learnt is written as it comes.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use futures_util::future::try_join_all;

use super::console::Console;
use super::learning::now;
use super::refreshing::Refreshing;
use crate::answer::caveat::Caveat;
use crate::cluster::apply::{ApplyManner, DryRun, PolicyName, Writer};
use crate::dns::resolve::Asking;
use crate::dns::share::{Share, ShareBounds};
use crate::edit::merge::Options;
use crate::edit::name;
use crate::ends::not_found::meant;
use crate::error::Error;
use crate::model::gap::Gap;
use crate::model::snapshot::Snapshot;
use crate::report::dns::{dns_claims, named_dns};
use crate::report::refresh::Refresh;

/// Which policies are refreshed.
#[derive(Clone, Copy, Debug)]
pub struct Which<'a> {
    /// Their names; all with remembered hosts where none is named.
    pub names: &'a [String],
    /// Their namespace; all where it is absent.
    pub namespace: Option<&'a str>,
    /// Labels that they have besides.
    pub labels: Option<&'a str>,
}

/// The policies of a cluster that are refreshed.
pub struct Remembered<'a> {
    writer: &'a Writer,
    policies: Vec<PolicyName>,
}

impl<'a> Remembered<'a> {
    /// Lists the policies that are asked for.
    ///
    /// # Errors
    /// A server that does not tell them, or a name that none of them has.
    pub fn read(writer: &'a Writer, which: Which<'_>) -> Result<Self, Error> {
        let labels: Vec<&str> = [name::ENDPOINT].into_iter().chain(which.labels).collect();
        let mut policies = writer.list(which.namespace, &labels.join(","))?;
        let known = policies.iter().map(|policy| policy.name.clone()).collect();
        missing(which.names, known, &format!("namespace `{}`", writer.namespace()))?;
        policies.retain(|policy| which.names.is_empty() || which.names.contains(&policy.name));
        Ok(Self { writer, policies })
    }

    /// Asks for their hosts, and writes what is new; a dry run lets the server check that.
    ///
    /// # Errors
    /// No name server to ask. What fails of one policy is part of the answer.
    pub fn refresh(
        &self,
        snapshot: &Snapshot,
        (asking, options): (&Asking, Options),
        manner: ApplyManner,
        console: &dyn Console,
    ) -> Result<Refresh, Error> {
        let word = if manner.dry_run == DryRun::None { "refreshed" } else { "checked" };
        let step = console.count(word, self.policies.len(), "policies");
        let run = Refreshing::new(self.writer, snapshot, (asking, options), manner, step);
        let namespaces = self.by_namespace();
        let share = || Share::new(ShareBounds::one_of(namespaces.len()));
        let shares: Vec<Share> = namespaces.iter().map(|_| share()).collect();
        let each = namespaces.iter().zip(&shares).map(|((_, policies), share)| run.all(policies, share));
        // What kept a port-forward from working is told in the words of others.
        self.writer.run(try_join_all(each)).map_err(Error::one_line)?;
        let over = namespaces.iter().zip(&shares).filter(|(_, share)| share.unasked() > 0);
        let over = over.map(|((namespace, _), share)| Caveat::ShareUsedUp {
            namespace: (*namespace).into(),
            unasked: share.unasked(),
        });
        let caveats: Vec<Caveat> = over.chain(unseen(snapshot)).collect();
        let whose = named_dns(snapshot).into_iter().chain(dns_claims(snapshot));
        Ok(run.answer(caveats.into_iter().chain(whose)))
    }

    /// Sorts the policies by namespace, in another order in each run: where there is not time for all, none is
    /// the last each time.
    fn by_namespace(&self) -> Vec<(&str, Vec<&PolicyName>)> {
        let run = now().0;
        let place = |policy: &&PolicyName| {
            let mut hasher = DefaultHasher::new();
            (run, &policy.namespace, &policy.name).hash(&mut hasher);
            hasher.finish()
        };
        let mut all: BTreeMap<&str, Vec<&PolicyName>> = BTreeMap::new();
        for policy in &self.policies {
            all.entry(&policy.namespace).or_default().push(policy);
        }
        all.values_mut().for_each(|policies| policies.sort_by_cached_key(place));
        let mut all: Vec<_> = all.into_iter().collect();
        all.sort_by_cached_key(|(_, policies)| policies.first().map(place));
        all
    }
}

/// Refuses a name that no policy with remembered hosts has; `place` is where they were looked for.
pub(super) fn missing(names: &[String], known: Vec<String>, place: &str) -> Result<(), Error> {
    let Some(missing) = names.iter().find(|name| !known.contains(name)) else { return Ok(()) };
    let text = format!("no NetworkPolicy `{missing}` with remembered hosts in {place}");
    Err(Error::one_line(format!("{text}{}", meant(missing, known))))
}

/// Says which addresses of the cluster itself would not be recognised.
pub(super) fn unseen(snapshot: &Snapshot) -> Option<Caveat> {
    let holders = ["pods", "nodes", "services"];
    let gaps = snapshot.gaps.iter().filter(|gap| holders.iter().any(|list| gap.hides(list)));
    let gaps: Vec<Gap> = gaps.cloned().collect();
    (!gaps.is_empty()).then_some(Caveat::UnknownOwnAddresses(gaps))
}
