//! Objects that an API server would refuse by their kind are never dropped in silence.

use crate::run::{Ended, Folder, SHOP};

const SPEC: &str = "metadata: {name: deny-db, namespace: db}\nspec: {podSelector: {}, policyTypes: [Ingress, Egress]}\n";

/// Lays a file over the shop.
fn laid(text: &str) -> Ended {
    let folder = Folder::of(&[("shop.yaml", SHOP), ("f.yaml", text)]);
    folder.run("diff --base shop.yaml -f f.yaml")
}

#[test]
fn a_policy_that_is_misnamed_is_an_error_with_the_right_name() {
    for (api_version, kind, told) in [
        ("networking.k8s.io", "NetworkPolicy", ["NetworkPolicy", "networking.k8s.io"]),
        ("v1", "NetworkPolicy", ["NetworkPolicy", "v1"]),
        ("network.k8s.io/v1", "NetworkPolicy", ["NetworkPolicy", "network.k8s.io/v1"]),
        ("networking.k8s.io/v1", "Networkpolicy", ["Networkpolicy", "networking.k8s.io/v1"]),
        ("networking.k8s.io/v1", "NetworkPolicies", ["NetworkPolicies", "networking.k8s.io/v1"]),
        (
            "networking.k8s.io/v1",
            "NetworkPolicy\u{a0}",
            ["NetworkPolicy\\u{a0}", "networking.k8s.io/v1"],
        ),
        (
            "networking.k8s.io/v1",
            "N\u{435}tworkPolicy",
            ["N\\u{435}tworkPolicy", "networking.k8s.io/v1"],
        ),
    ] {
        let ended = laid(&format!("apiVersion: {api_version}\nkind: {kind}\n{SPEC}"));
        let [own_kind, own_version] = told;
        let expected = format!(
            "error: f.yaml:1: {kind} db/deny-db: there is no kind `{own_kind}` of apiVersion `{own_version}`; use \
             kind NetworkPolicy of apiVersion networking.k8s.io/v1\n"
        );
        assert_eq!((ended.code, ended.err), (Some(2), expected));
    }
    let right = laid(&format!("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n{SPEC}"));
    assert_eq!((right.code, &*right.err), (Some(1), ""));
}

#[test]
fn a_list_without_a_list_of_items_is_an_error() {
    let item = format!(
        "apiVersion: networking.k8s.io/v1\n    kind: NetworkPolicy\n    {}",
        SPEC.replace('\n', "\n    ")
    );
    for (text, expected) in [
        (
            "apiVersion: v1\nkind: List\nitems:\n  a:\n    ITEM",
            "f.yaml:4: List (no name): items: a list is needed",
        ),
        (
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicyList\nitem:\n  - ITEM",
            "f.yaml:1: NetworkPolicyList (no name): the list has no field `items`",
        ),
        ("apiVersion: v1\nkind: List", "f.yaml:1: List (no name): the list has no field `items`"),
    ] {
        let ended = laid(&text.replace("ITEM", &item));
        assert_eq!((ended.code, ended.err), (Some(2), format!("error: {expected}\n")));
    }
    // None is a list too; and a kind may be called so without being one.
    for text in [
        "apiVersion: v1\nkind: List\nitems: []",
        "apiVersion: v1\nkind: List\nitems:",
        "apiVersion: example.test/v1\nkind: AllowList\nmetadata: {name: own}\nspec: {}",
    ] {
        let ended = laid(text);
        assert_eq!((ended.code, &*ended.err), (Some(0), ""), "{text}");
    }
}

#[test]
fn another_object_that_is_misnamed_is_a_warning_and_one_that_may_be_its_own_is_none() {
    let object = |api_version: &str, kind: &str| {
        format!(
            "apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: own, namespace: db}}\nspec: {{}}\n"
        )
    };
    let ended = laid(&object("networking.k8s.io/v1", "Ingresss"));
    let expected = "Warning: f.yaml:1: Ingresss db/own: skipped: there is no kind `Ingresss` of apiVersion \
                    `networking.k8s.io/v1`; use kind Ingress of apiVersion networking.k8s.io/v1\n";
    assert_eq!((ended.code, &*ended.err), (Some(0), expected));
    for (api_version, kind) in [
        ("v1", "Secret"),
        ("serving.knative.dev/v1", "Service"),
        ("crd.projectcalico.org/v1", "NetworkSet"),
    ] {
        let ended = laid(&object(api_version, kind));
        assert_eq!((ended.code, &*ended.err), (Some(0), ""), "{kind}");
    }
}
