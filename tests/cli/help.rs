//! Help that reads like kubectl's; its examples are run.

use crate::examples::scripts;
use crate::run::{Ended, Folder, SHOP};

/// What the examples name and the shop does not have.
const MORE: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: prod}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: backup, namespace: ops}
spec:
  selector: {matchLabels: {app: backup}}
  template: {metadata: {labels: {app: backup}}, spec: {containers: [{name: c, image: example/backup}]}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default-deny, namespace: shop}
spec: {podSelector: {}}
---
apiVersion: v1
kind: Service
metadata: {name: postgres, namespace: db}
spec: {selector: {app: postgres}, ports: [{port: 5432, targetPort: postgres}]}
";

/// Returns the subcommands, without `help`, as completion tells them.
pub(crate) fn subcommands() -> Vec<String> {
    let folder = Folder::of(&[]);
    let mut command = folder.command("__complete");
    let told = Ended::from(command.arg("").output().unwrap()).out;
    let names = told.lines().filter_map(|line| line.split_once('\t').map(|(name, _)| name.to_owned()));
    let names: Vec<String> = names.filter(|name| name != "help").collect();
    assert!(names.len() >= 9, "{names:?}");
    names
}

/// Returns the commands of the examples of a subcommand, without what a shell would do with them.
fn examples(folder: &Folder, subcommand: &str) -> Vec<String> {
    let scripts = scripts(&folder.run(&format!("{subcommand} --help")).out);
    let text = scripts.join("\n").replace("\\\n", " ");
    let commands = text.split(['\n', '|', '>', ')']);
    let commands = commands.filter_map(|part| part.split_once("kubectl netpol ").map(|(_, own)| own));
    commands.map(|own| own.trim().to_owned()).collect()
}

#[test]
fn every_subcommand_has_examples_and_tells_its_own_flags_first() {
    let folder = Folder::of(&[]);
    for own in subcommands() {
        let help = folder.run(&format!("{own} --help"));
        assert_eq!((help.code, &*help.err), (Some(0), ""), "{own}");
        assert_eq!(folder.run(&format!("help {own}")), help, "{own}");
        let own_part = help.out.split("\nGlobal flags:\n").next().unwrap();
        for global in ["--namespace", "--filename", "--output", "--kubeconfig", "--context"] {
            assert!(!own_part.contains(&format!("{global} ")), "{own}: {global} is not apart");
        }
        assert!(
            help.out.contains("\nGlobal flags:\n") && help.out.contains("\nCluster flags:\n"),
            "{own}"
        );
        let examples = examples(&folder, &own);
        assert!(examples.iter().any(|example| example.starts_with(&*own)), "{own}: {examples:?}");
        // No line is so long that it is wrapped, and cannot be copied.
        for script in scripts(&help.out) {
            let starts = script.replace("\\\n", " ");
            let mut words = starts.lines().filter_map(|line| line.split_whitespace().next());
            assert!(words.all(|word| ["kubectl", "chmod", "source"].contains(&word)), "{own}: {script}");
        }
        // Each example has a line that says what it is for.
        let text = help.out.split("\nExamples:\n").nth(1).unwrap();
        assert!(text.lines().filter(|line| line.trim().starts_with('#')).count() >= 2, "{own}");
    }
}

#[test]
fn every_example_of_the_help_is_understood_and_runs_on_manifests() {
    let folder = Folder::of(&[]);
    let text = format!("{SHOP}---{MORE}");
    for path in ["manifests/a.yaml", "apps/a.yaml", "policies/a.yaml", "main/a.yaml", "branch/b.yaml"] {
        folder.write(path, text.as_bytes());
    }
    for path in ["prod.json.gz", "new-policy.yaml"] {
        folder.write(path, text.as_bytes());
    }
    let (mut tried, mut answered) = (0, 0);
    for own in subcommands() {
        for example in examples(&folder, &own) {
            let ended = folder.run(&example);
            tried += 1;
            // What needs a cluster gets as far as to miss it, and no further.
            let is_live = ended.err.contains("no kubeconfig was found")
                || ended.err.contains("context \"") && ended.err.contains("does not exist");
            if is_live && ended.code == Some(2) {
                let reads = example.contains("-f ") && own != "diff" && !example.contains("-f -");
                assert!(!reads, "{example}: {}", ended.err);
                continue;
            }
            answered += 1;
            assert!(matches!(ended.code, Some(0 | 1)), "{example}: {}", ended.err);
            assert!(!ended.out.is_empty(), "{example}");
        }
    }
    assert!(tried >= 25 && answered >= 12, "{answered} of {tried} examples gave an answer");
}

#[test]
fn a_typo_in_any_subcommand_is_answered_with_its_name() {
    for own in subcommands() {
        let (head, tail) = own.split_at(own.len() - 2);
        let typo = format!("{head}x{tail}");
        let ended = Folder::of(&[]).run(&typo);
        assert_eq!(ended.code, Some(2), "{typo}");
        assert!(
            ended.err.contains("similar") && ended.err.contains(&format!("'{own}'")),
            "{}",
            ended.err
        );
    }
}
