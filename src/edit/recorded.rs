//! The names of addresses, out of the records of the policies that open them.

use super::host::Host;
use super::object::on_the_wire;
use super::record::{ANNOTATION, Record};
use super::standing::{self, RecordStanding};
use crate::model::recorded::{NamesOfAddresses, RecordedNames};
use crate::model::snapshot::{PolicyObject, Snapshot};

/// Keeps the names that policies remember for the addresses that they open; a record that cannot be read has none.
pub fn lay_over(snapshot: &mut Snapshot) {
    let mut recorded = RecordedNames::default();
    for policy in &snapshot.policies {
        let record = policy.metadata.annotations.get(ANNOTATION).map(|text| Record::parse(text));
        if let (Some(Ok(record)), Some(namespace)) = (record, &policy.namespace) {
            recorded.insert(namespace, &policy.name, names(policy, &record));
        }
    }
    snapshot.recorded = recorded;
}

fn names(policy: &PolicyObject, record: &Record) -> NamesOfAddresses {
    let object = on_the_wire(&policy.spec);
    let open = RecordStanding::new(record, standing::egress(&object)).open;
    let mut names = NamesOfAddresses::new();
    for (key, entry) in &open.entries {
        let Host::Name(name) = &key.host else { continue };
        for ip in entry.ips.keys() {
            names.entry(*ip).or_default().insert(name.as_str().into());
        }
    }
    names
}
