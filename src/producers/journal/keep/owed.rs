//! What is gone and does not stand on disk as gone: the queue had no room for it, or the disk did not take it. Rows that are
//! lost are missing after a restart; this, lost, would bring rows back that somebody has deleted. So it is kept, and written
//! before anything else.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Item;

/// Most ids and workspaces that are kept apart. What is more is told more roughly: a workspace's rows are gone, all of them.
const OWED_MAX: usize = 50_000;

/// What is to be told.
#[derive(Debug, Default)]
pub(super) struct Owed {
    of: BTreeMap<Arc<str>, Gone>,
    /// Ids in all of them together.
    ids: usize,
    /// Even the workspaces became too many.
    is_everything: bool,
}

/// What is gone of a workspace.
#[derive(Debug)]
enum Gone {
    /// Rows with these ids.
    Rows(Vec<String>),
    /// All rows.
    Cleared,
    /// The workspace itself.
    Dropped,
}

impl Owed {
    pub(super) fn is_empty(&self) -> bool {
        self.of.is_empty() && !self.is_everything
    }

    /// Takes what says that something is gone; `false` for anything else. Between the first that is taken and the writing of
    /// all, nothing else may go to disk: this says what is gone, not when it went.
    pub(super) fn add(&mut self, item: Item) -> bool {
        match item {
            Item::Row(..) | Item::Totals(..) => return false,
            Item::Everything => self.is_everything = true,
            Item::Dropped(workspace) => self.mark(workspace, Gone::Dropped),
            Item::Cleared(workspace) => {
                if !matches!(self.of.get(&workspace), Some(Gone::Dropped)) {
                    self.mark(workspace, Gone::Cleared);
                }
            }
            Item::Removed(workspace, mut ids) => {
                let known = self.of.entry(workspace).or_insert_with(|| Gone::Rows(Vec::new()));
                if let Gone::Rows(known) = known {
                    self.ids += ids.len();
                    known.append(&mut ids);
                }
            }
        }
        self.coarsen();
        true
    }

    /// All of it, to be written.
    pub(super) fn take(&mut self) -> Vec<Item> {
        let Self { of, is_everything, .. } = std::mem::take(self);
        if is_everything {
            return vec![Item::Everything];
        }
        let told = |(workspace, gone)| match gone {
            Gone::Rows(ids) => Item::Removed(workspace, ids),
            Gone::Cleared => Item::Cleared(workspace),
            Gone::Dropped => Item::Dropped(workspace),
        };
        of.into_iter().map(told).collect()
    }

    fn mark(&mut self, workspace: Arc<str>, gone: Gone) {
        if let Some(Gone::Rows(ids)) = self.of.insert(workspace, gone) {
            self.ids -= ids.len();
        }
    }

    fn coarsen(&mut self) {
        if self.ids + self.of.len() > OWED_MAX {
            self.of.values_mut().filter(|gone| matches!(gone, Gone::Rows(_))).for_each(|gone| *gone = Gone::Cleared);
            self.ids = 0;
        }
        if self.is_everything || self.of.len() > OWED_MAX {
            *self = Self { is_everything: true, ..Self::default() };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Keeper, Totals};
    use super::*;
    use crate::producers::settings::JOURNAL_QUEUE_BYTES_MAX;

    fn removed(key: &str, ids: std::ops::Range<usize>) -> Item {
        Item::Removed(key.into(), ids.map(|id| id.to_string()).collect())
    }

    #[test]
    fn what_is_gone_is_told_as_finely_as_there_is_room_for() {
        let cases: Vec<(&str, Vec<Item>, Vec<Item>)> = vec![
            (
                "ids come together",
                vec![removed("a", 0..2), removed("b", 0..1), removed("a", 2..3)],
                vec![removed("a", 0..3), removed("b", 0..1)],
            ),
            (
                "a workspace that is gone has no rows",
                vec![removed("a", 0..2), Item::Dropped("a".into()), removed("a", 5..6), Item::Cleared("a".into())],
                vec![Item::Dropped("a".into())],
            ),
            ("as many as there may be", vec![removed("a", 0..OWED_MAX - 1)], vec![removed("a", 0..OWED_MAX - 1)]),
            (
                "too many rows",
                vec![Item::Dropped("b".into()), removed("a", 0..OWED_MAX), removed("c", 0..3)],
                vec![Item::Cleared("a".into()), Item::Dropped("b".into()), removed("c", 0..3)],
            ),
            (
                "too many workspaces",
                (0..=OWED_MAX).map(|key| Item::Dropped(key.to_string().into())).collect(),
                vec![Item::Everything],
            ),
            ("nothing is more than everything", vec![Item::Everything, removed("a", 0..1)], vec![Item::Everything]),
        ];
        for (what, gone, told) in cases {
            let mut owed = Owed::default();
            assert!(gone.into_iter().all(|item| owed.add(item)), "{what}");
            assert!(!owed.is_empty());
            assert_eq!(format!("{:?}", owed.take()), format!("{told:?}"), "{what}");
            assert!(owed.is_empty() && owed.ids == 0, "{what}: it is taken");
        }
        assert!(!Owed::default().add(Item::Totals("a".into(), Totals::default())));
    }

    #[test]
    fn a_removal_that_the_queue_has_no_room_for_is_written_behind_what_it_has() {
        // Nobody writes.
        let keeper = Keeper::default();
        let much = || Item::Removed("".into(), vec!["x".repeat(JOURNAL_QUEUE_BYTES_MAX / 2)]);
        for _ in 0..3 {
            keeper.put(much());
        }
        let queued = keeper.queued();
        let late = [much(), removed("", 0..2), Item::Dropped("gone".into())];
        late.iter().for_each(|item| keeper.put(item.clone()));
        assert_eq!((keeper.queued(), keeper.unkept()), (queued, 0));
        keeper.close();
        let written: Vec<Vec<Item>> = std::iter::from_fn(|| keeper.next(1)).collect();
        let ids = |items: &[Item]| match items {
            [Item::Removed(_, ids)] => ids.len(),
            _ => 0,
        };
        assert_eq!(written[..3].iter().map(|items| ids(items)).collect::<Vec<_>>(), [1, 1, 1]);
        let [Item::Removed(_, last), Item::Dropped(gone)] = &written[3][..] else { panic!("{:?}", written[3].len()) };
        assert_eq!((last.len(), &last[1..], &**gone), (3, &["0".to_owned(), "1".to_owned()][..], "gone"));
        assert_eq!(written.len(), 4);
    }
}
