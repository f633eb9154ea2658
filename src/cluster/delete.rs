//! Deletes policies: what was read is what is deleted, or nothing is.

use serde_json::{Value, json};

use super::apply::{Applied, DryRun, MOST_PLANS, PolicyName, Writer, is_passing, path, pause};
use super::failure::Failure;
use super::read::ClusterError;

impl Writer {
    /// Deletes a policy, if `check` lets the live one pass; one that is not there is done.
    ///
    /// # Errors
    /// What the check says; a server that cannot be reached, or refuses.
    pub fn delete<E: From<ClusterError>>(
        &self,
        name: &PolicyName,
        dry_run: DryRun,
        check: impl Fn(&Value) -> Result<(), E>,
    ) -> Result<Applied, E> {
        self.runtime.block_on(self.take_away(&path(name), dry_run, check))
    }

    async fn take_away<E: From<ClusterError>>(
        &self,
        path: &str,
        dry_run: DryRun,
        check: impl Fn(&Value) -> Result<(), E>,
    ) -> Result<Applied, E> {
        let (mut last, mut is_lost) = (None, false);
        for round in 0..MOST_PLANS {
            if round > 0 {
                tokio::time::sleep(pause(round)).await;
            }
            match self.get(path).await {
                // An answer that was lost may have been a success.
                Ok(None) => return Ok(Applied::Done { changed: is_lost }),
                Ok(Some(live)) => {
                    check(&live)?;
                    match self.send_away(path, &live, dry_run).await {
                        Ok(()) => return Ok(Applied::Done { changed: true }),
                        Err(failure) if is_passing(&failure) => (last, is_lost) = (Some(failure), true),
                        Err(Failure::Status(status)) if matches!(status.code, 404 | 409) => {}
                        Err(failure) => return Err(self.api.error(failure).into()),
                    }
                }
                Err(failure) if is_passing(&failure) => last = Some(failure),
                Err(failure) => return Err(self.api.error(failure).into()),
            }
        }
        match last {
            Some(failure) => Err(self.api.error(failure).into()),
            None => Ok(Applied::Stale),
        }
    }

    /// Sends the deletion of what was read, first as a dry run.
    async fn send_away(&self, path: &str, live: &Value, dry_run: DryRun) -> Result<(), Failure> {
        let read = |field| live.pointer(&format!("/metadata/{field}"));
        // Beside options in the body, the server does not read those of the query.
        let options = |dry_run: &[&str]| {
            json!({
                "apiVersion": "v1",
                "kind": "DeleteOptions",
                "dryRun": dry_run,
                "preconditions": { "uid": read("uid"), "resourceVersion": read("resourceVersion") },
            })
        };
        self.api.delete(path, &options(&["All"])).await?;
        match dry_run {
            DryRun::Server => Ok(()),
            DryRun::None => self.api.delete(path, &options(&[])).await,
        }
    }
}
