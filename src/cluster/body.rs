//! The body of an answer, unpacked, and never more than a bound.

use bytes::Bytes;
use http_body_util::BodyExt;
use kube::client::Body;
use tokio::sync::Mutex;

/// Most bytes of one answer: the server keeps no object of more than 3 MiB, and pages can be made smaller.
pub(crate) const LARGEST: usize = 64 << 20;
/// Answers that are longer are read one at a time; a page of ordinary objects is not.
const LARGE: usize = 8 << 20;

/// Reads bodies, of which many may come at the same time.
#[derive(Debug, Default)]
pub(crate) struct Bodies {
    /// Held by the one that is large.
    turn: Mutex<()>,
}

impl Bodies {
    /// Reads a body to its end; nothing where it is larger than the bound.
    pub(crate) async fn read(&self, mut body: Body) -> Result<Option<Bytes>, kube::Error> {
        let (mut bytes, mut turn) = (Vec::new(), None);
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame?.into_data() else { continue };
            bytes.extend_from_slice(&data);
            if bytes.len() > LARGEST {
                return Ok(None);
            }
            if bytes.len() > LARGE && turn.is_none() {
                turn = Some(self.turn.lock().await);
            }
        }
        Ok(Some(bytes.into()))
    }
}
