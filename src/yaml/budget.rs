//! How much a text may grow to.

/// The most lists and mappings inside each other.
pub(super) const MOST_DEPTH: usize = 200;
/// Most values of a file: twenty thousand pods as the API server writes them.
const MOST_VALUES: usize = 20_000_000;
/// Most values that the aliases of a file stand for; people write a few hundred.
const MOST_REPEATED: usize = 500_000;
/// Most bytes of text that the aliases of a file stand for.
const MOST_REPEATED_TEXT: usize = 32 << 20;

/// A number of values, and their text in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Size {
    values: usize,
    text: usize,
}

/// What was read so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Budget {
    read: Size,
    /// What of it stood for something by an alias.
    repeated: Size,
}

impl Budget {
    /// Returns what was read so far.
    pub(super) fn read(&self) -> Size {
        self.read
    }

    /// Returns what was read since then.
    pub(super) fn since(&self, then: Size) -> Size {
        Size { values: self.read.values - then.values, text: self.read.text - then.text }
    }

    /// Notes a value or a key.
    pub(super) fn spend(&mut self, text: usize) -> Result<(), String> {
        self.add(Size { values: 1, text })
    }

    /// Notes what an alias stands for.
    pub(super) fn repeat(&mut self, size: Size) -> Result<(), String> {
        self.repeated.values = self.repeated.values.saturating_add(size.values);
        self.repeated.text = self.repeated.text.saturating_add(size.text);
        self.add(size)
    }

    fn add(&mut self, size: Size) -> Result<(), String> {
        self.read.values = self.read.values.saturating_add(size.values);
        self.read.text = self.read.text.saturating_add(size.text);
        let is_within = self.read.values <= MOST_VALUES
            && self.repeated.values <= MOST_REPEATED
            && self.repeated.text <= MOST_REPEATED_TEXT;
        is_within.then_some(()).ok_or_else(|| {
            format!(
                "more than {MOST_VALUES} values, or aliases that stand for more than {MOST_REPEATED} values or {} \
                 MiB: split the file, or write out what the aliases stand for",
                MOST_REPEATED_TEXT >> 20
            )
        })
    }
}
