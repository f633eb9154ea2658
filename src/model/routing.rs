//! All that leads from outside to Services.

use crate::model::gateway::{Gateway, Grant};
use crate::model::ingress::{Ingress, IngressClass};
use crate::model::route::Route;

/// All that leads from outside to Services.
#[derive(Clone, Debug, Default)]
pub struct Routing {
    /// The Ingresses.
    pub ingresses: Vec<Ingress>,
    /// The classes of Ingresses.
    pub classes: Vec<IngressClass>,
    /// The Gateways.
    pub gateways: Vec<Gateway>,
    /// The routes.
    pub routes: Vec<Route>,
    /// What may be named from another namespace.
    pub grants: Vec<Grant>,
}
