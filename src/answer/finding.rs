//! What looks wrong.

use serde::Serialize;

use crate::answer::rule_ref::RuleRef;

/// Something in a policy that probably does not do what was meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The check that found it.
    pub id: &'static str,
    /// What is wrong, one sentence.
    pub message: String,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleRef>,
}
