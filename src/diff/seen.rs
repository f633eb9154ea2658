//! A member of a unit as one side of a diff sees it.

use crate::ends::end::Who;
use std::net::IpAddr;

/// A member and the address that it is seen with.
pub type Seen = (Who, Option<IpAddr>);
