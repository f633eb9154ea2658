//! Answers that are told row by row, so that no list is ever in memory.

use std::io;
use std::ops::ControlFlow;

/// Tells what was written of a row, and whether to go on.
pub(crate) type Written<'a> = dyn FnMut(io::Result<()>) -> ControlFlow<()> + 'a;

/// Runs what tells rows, up to the first error of the writer.
pub(crate) fn stream(each: impl FnOnce(&mut Written<'_>) -> ControlFlow<()>) -> io::Result<()> {
    let mut result = Ok(());
    let _ = each(&mut |written| match written {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => {
            result = Err(error);
            ControlFlow::Break(())
        }
    });
    result
}
