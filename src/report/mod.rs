//! Questions and their answers, as plain data in the schema `netpol/v1`.

pub mod connection;
pub mod default_deny;
pub mod dns;
pub mod doctor;
pub mod endpoints;
pub mod findings;
pub mod host;
pub mod jobs;
pub mod list;
pub mod matrix;
pub mod planned;
pub mod query;
pub mod reach;
pub mod refresh;
pub mod source_lines;
pub mod source_totals;
pub mod stand_in;
pub mod subject;
pub mod subject_explanation;
pub mod summary;
pub mod unplaced;
pub mod unread;
