//! What work costs in calls.

/// The fewest calls that a run could have made: its pages, its readings of the order feed, and its writes one by one.
pub fn calls_least(pages: u64, feed_reads: u64, writes: u64) -> u64 {
    pages + feed_reads + writes
}
