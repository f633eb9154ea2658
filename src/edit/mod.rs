//! The edge out: what to write into a cluster, so that a workload reaches what a URL names.
//!
//! ```text
//! url -> classify -> (outcome: what name servers said) -> special -> merge -> record
//!                                                                       └-> object -> guard -> the wire
//! ```
//! Everything here is pure: it computes what is to be written, and asks and sends nothing.

pub mod admission;
pub mod as_written;
pub mod cilium;
pub mod classify;
pub mod cronjob;
pub mod gitops;
pub mod guard;
pub mod host;
pub mod image;
pub mod lead;
pub mod merge;
pub mod name;
pub mod object;
pub mod outcome;
pub mod plan;
pub mod record;
pub mod recorded;
pub mod schedule;
pub mod scheme;
pub mod service;
pub mod special;
pub mod standing;
pub mod url;
