//! What one run asks name servers: they are opened once, and each name is asked for once.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::future::ready;
use std::rc::Rc;

use futures_util::stream::{self, StreamExt};
use tokio::sync::{OnceCell, Semaphore};

use super::name_servers::ReachableServers;
use super::resolve::{self, Asking, ResolveError, Targets, resolve_both, targets};
use super::share::{AT_ONCE, Share, ShareBounds};
use crate::answer::caveat::Caveat;
use crate::answer::unheard::FirstNames;
use crate::edit::host::HostName;
use crate::edit::outcome::{DnsAnswer, Resolution};

/// What is heard of a name is kept for others who ask for it, where it has so many addresses at most.
const MOST_KEPT: usize = 16;

/// Name servers, and what they said so far.
pub struct Session {
    asking: Asking,
    opened: OnceCell<ReachableServers>,
    turns: Semaphore,
    heard: RefCell<BTreeMap<HostName, Rc<OnceCell<Resolution>>>>,
    /// The hosts of which name servers that are asked beside know none of the addresses.
    apart: RefCell<BTreeSet<HostName>>,
}

impl Session {
    /// Begins one; nobody is asked before there is a name to ask for.
    pub fn new(asking: Asking) -> Self {
        Self {
            asking,
            opened: OnceCell::new(),
            turns: Semaphore::new(AT_ONCE),
            heard: RefCell::default(),
            apart: RefCell::default(),
        }
    }

    /// Asks for the addresses of hosts, and tells of each when it is done; returns them ascending, without
    /// those for which the share has nothing left.
    ///
    /// # Errors
    /// No name server to ask. What one of them fails to say is part of the answer.
    pub async fn addresses(
        &self,
        hosts: &BTreeSet<HostName>,
        share: &Share,
        mut tell: impl FnMut(),
    ) -> Result<Vec<Resolution>, ResolveError> {
        if hosts.is_empty() {
            return Ok(Vec::new());
        }
        let opened = self.opened().await?;
        let each = stream::iter(hosts).map(|host| self.host(host, opened, share));
        let each = each.buffer_unordered(AT_ONCE).inspect(|_| tell());
        let mut found: Vec<Resolution> = each.filter_map(ready).collect().await;
        found.sort_by(|one, other| one.host.cmp(&other.host));
        Ok(found)
    }

    /// Asks for the hosts and ports that the SRV records of names tell of.
    ///
    /// # Errors
    /// No name server to ask. That none tells of any is what is returned of a name.
    pub async fn services(
        &self,
        names: &BTreeSet<HostName>,
        share: &Share,
    ) -> Result<BTreeMap<HostName, Result<Targets, ResolveError>>, ResolveError> {
        if names.is_empty() {
            return Ok(BTreeMap::new());
        }
        let servers = &self.opened().await?.servers;
        let each = names.iter().map(|name| async move {
            let found = match share.turn(&self.turns).await {
                Some(_turn) => targets(name, servers).await,
                None => Err(ResolveError::Srv(name.to_string(), "not asked in this run".to_owned())),
            };
            (name.clone(), found)
        });
        Ok(stream::iter(each).buffer_unordered(AT_ONCE).collect().await)
    }

    /// Says what limits the answers so far.
    pub fn caveats(&self) -> Vec<Caveat> {
        let mut caveats = self.opened.get().map_or(Vec::new(), |opened| opened.caveats.clone());
        let apart: Vec<String> = self.apart.borrow().iter().map(HostName::to_string).collect();
        if !apart.is_empty() {
            caveats.push(Caveat::ResolvedApart(FirstNames(apart)));
        }
        caveats
    }

    async fn opened(&self) -> Result<&ReachableServers, ResolveError> {
        self.opened.get_or_try_init(|| self.asking.servers.open(&self.asking.patience)).await
    }

    /// Asks for a host; nothing where the share has nothing left.
    async fn host(
        &self,
        host: &HostName,
        opened: &ReachableServers,
        share: &Share,
    ) -> Option<Resolution> {
        if let Some(known) = self.known(host) {
            return Some(known);
        }
        let _turn = share.turn(&self.turns).await?;
        // Who asks less often than others keeps what he hears to himself.
        let cell = match share.is_patient() {
            true => Rc::clone(self.heard.borrow_mut().entry(host.clone()).or_default()),
            false => Rc::default(),
        };
        let heard = cell.get_or_init(|| self.ask(host, opened, share)).await.clone();
        if !is_kept(&heard) {
            self.heard.borrow_mut().remove(host);
        }
        Some(heard)
    }

    fn known(&self, host: &HostName) -> Option<Resolution> {
        self.heard.borrow().get(host)?.get().cloned()
    }

    async fn ask(&self, host: &HostName, opened: &ReachableServers, share: &Share) -> Resolution {
        let (resolved, is_apart) = resolve_both(host, opened, &self.asking, share).await;
        if is_apart {
            self.apart.borrow_mut().insert(host.clone());
        }
        resolved
    }
}

/// Tells whether a resolution is kept for others: one that failed is asked for again, and many large ones would
/// take all memory.
fn is_kept(heard: &Resolution) -> bool {
    let is_failed = heard.outcomes.iter().any(|own| matches!(own.answer, DnsAnswer::Failure(_)));
    !is_failed && heard.addresses().count() <= MOST_KEPT
}

/// Asks for the hosts and ports that the SRV records of a name tell of.
///
/// # Errors
/// No name server to ask, or none that tells of any.
pub fn resolve_srv(name: &HostName, asking: &Asking) -> Result<Targets, ResolveError> {
    let (session, share) = (Session::new(asking.clone()), Share::new(ShareBounds::alone()));
    resolve::run(async {
        let found = session.services(&[name.clone()].into(), &share).await?;
        found.into_values().next().unwrap_or(Err(ResolveError::None))
    })
}
