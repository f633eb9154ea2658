//! A member of a unit as one side of a diff sees it.

use std::net::IpAddr;

use crate::ends::end::Who;

/// A member and the address that it is seen with.
pub type Seen = (Who, Option<IpAddr>);
