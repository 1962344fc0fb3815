//! Which rule of a group an object of a given size falls under (primary spec §3.2). Pure.

/// A rule with what decides whether it applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) rule_id: i64,
    pub(super) policy_id: i64,
    /// The smaller number is asked first.
    pub(super) priority: i64,
    /// Bytes, inclusive.
    pub(super) min_file_size: u64,
    /// Bytes, exclusive; 0 is no upper bound.
    pub(super) max_file_size: u64,
    /// False for a policy on a disabled node. A node that is enabled but cannot be reached is not skipped: objects
    /// would silently go elsewhere whenever a line is down.
    pub(super) node_enabled: bool,
}

impl Candidate {
    fn takes(&self, size: u64) -> bool {
        let below = self.max_file_size == 0 || size < self.max_file_size;
        self.node_enabled && size >= self.min_file_size && below
    }
}

/// The policy of the first rule, by priority and then id, that takes an object of `size` bytes.
pub(super) fn choose(candidates: &[Candidate], size: u64) -> Option<i64> {
    let takers = candidates.iter().filter(|candidate| candidate.takes(size));
    takers
        .min_by_key(|candidate| (candidate.priority, candidate.rule_id))
        .map(|candidate| candidate.policy_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rule id, priority, smallest size, upper bound. The policy has ten times the id.
    fn rule((rule_id, priority, min_file_size, max_file_size): (i64, i64, u64, u64)) -> Candidate {
        let policy_id = rule_id * 10;
        Candidate { rule_id, policy_id, priority, min_file_size, max_file_size, node_enabled: true }
    }

    #[test]
    fn the_smallest_priority_whose_range_holds_wins() {
        let rules = [(1, 2, 0, 0), (2, 1, 100, 200), (3, 3, 0, 0)].map(rule);
        for (size, policy) in [(0, 10), (99, 10), (100, 20), (199, 20), (200, 10), (u64::MAX, 10)] {
            assert_eq!(choose(&rules, size), Some(policy), "{size}");
        }
    }

    #[test]
    fn equal_priorities_are_decided_by_the_older_rule() {
        assert_eq!(choose(&[(2, 1, 0, 0), (1, 1, 0, 0)].map(rule), 5), Some(10));
    }

    #[test]
    fn a_range_without_match_gives_nothing() {
        let rules = [(1, 1, 10, 20)].map(rule);
        for (size, found) in [(9, false), (10, true), (19, true), (20, false)] {
            assert_eq!(choose(&rules, size).is_some(), found, "{size}");
        }
        assert_eq!(choose(&[], 5), None);
    }

    #[test]
    fn rules_on_disabled_nodes_are_passed_over() {
        let mut rules = [(1, 1, 0, 0), (2, 2, 0, 0)].map(rule);
        rules[0].node_enabled = false;
        assert_eq!(choose(&rules, 5), Some(20));
        rules[1].node_enabled = false;
        assert_eq!(choose(&rules, 5), None);
    }
}
