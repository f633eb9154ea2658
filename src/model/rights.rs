//! What a user may do in a cluster.

/// A right that answers or edits need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Right {
    /// The verb, `list` or `patch`, or another that an edit needs.
    pub verb: &'static str,
    /// The resource, `networkpolicies`.
    pub resource: &'static str,
    /// Whether it is given in every namespace.
    pub everywhere: bool,
    /// Whether it is given in the namespace that was asked about; never for cluster-scoped resources
    /// that are not given everywhere.
    pub in_namespace: bool,
    /// That namespace, where it is another than all others are about.
    pub namespace: Option<&'static str>,
}
