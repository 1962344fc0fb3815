//! Which rule of a group an object of a given size falls under (primary spec §3.2). Pure.

/// A rule with what decides whether it applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) rule_id: i64,
    pub(super) policy_id: i64,
    pub(super) policy_name: String,
    /// The smaller number is asked first.
    pub(super) priority: i64,
    /// Bytes, inclusive.
    pub(super) min_file_size: u64,
    /// Bytes, exclusive; 0 is no upper bound.
    pub(super) max_file_size: u64,
    /// The name of the policy's node when that is disabled. A node that is enabled but cannot be reached is not
    /// skipped: objects would silently go elsewhere whenever a line is down.
    pub(super) disabled_node: Option<String>,
}

/// What becomes of a rule when a policy is chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Its policy takes the object.
    Chosen,
    /// Passed over; says why.
    Skipped(String),
    /// A rule before it took the object.
    NotReached,
}

/// A rule and what becomes of it.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// The rule.
    pub rule_id: i64,
    /// Its policy.
    pub policy_id: i64,
    /// The name of its policy.
    pub policy_name: String,
    /// Its priority.
    pub priority: i64,
    /// Bytes, inclusive.
    pub min_file_size: u64,
    /// Bytes, exclusive; 0 is no upper bound.
    pub max_file_size: u64,
    /// What becomes of it.
    pub outcome: Outcome,
}

/// Where an object of some size would go, rule by rule.
#[derive(Debug, Clone)]
pub struct Match {
    /// The group that was asked.
    pub group_id: i64,
    /// Its name.
    pub group_name: String,
    /// Whether it takes anything at all.
    pub is_enabled: bool,
    /// Bytes of the object.
    pub size: u64,
    /// The rules in the order in which they are asked.
    pub rules: Vec<Verdict>,
}

impl Match {
    /// The rule that takes the object; none of a disabled group does.
    pub fn chosen(&self) -> Option<&Verdict> {
        self.rules.iter().find(|rule| self.is_enabled && rule.outcome == Outcome::Chosen)
    }

    /// Why there is none.
    pub fn reason(&self) -> Option<String> {
        match self.chosen() {
            Some(_) => None,
            None if !self.is_enabled => Some("the group is disabled and takes nothing".to_owned()),
            None => Some(format!("no rule of the group takes a file of {} bytes", self.size)),
        }
    }
}

impl Candidate {
    /// Why it does not take an object of `size` bytes.
    fn refusal(&self, size: u64) -> Option<String> {
        if size < self.min_file_size {
            return Some(format!("the rule is for files of at least {} bytes", self.min_file_size));
        }
        if self.max_file_size != 0 && size >= self.max_file_size {
            return Some(format!("the rule is for files of less than {} bytes", self.max_file_size));
        }
        self.disabled_node.as_ref().map(|node| format!("node `{node}` is disabled"))
    }
}

/// The rules by priority and then id, with what becomes of each for an object of `size` bytes.
pub(super) fn explain(mut candidates: Vec<Candidate>, size: u64) -> Vec<Verdict> {
    candidates.sort_by_key(|candidate| (candidate.priority, candidate.rule_id));
    let mut taken = false;
    let verdict = |candidate: Candidate| {
        let outcome = match candidate.refusal(size) {
            _ if taken => Outcome::NotReached,
            Some(reason) => Outcome::Skipped(reason),
            None => {
                taken = true;
                Outcome::Chosen
            }
        };
        Verdict {
            rule_id: candidate.rule_id,
            policy_id: candidate.policy_id,
            policy_name: candidate.policy_name,
            priority: candidate.priority,
            min_file_size: candidate.min_file_size,
            max_file_size: candidate.max_file_size,
            outcome,
        }
    };
    candidates.into_iter().map(verdict).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rule id, priority, smallest size, upper bound. The policy has ten times the id.
    fn rule((rule_id, priority, min_file_size, max_file_size): (i64, i64, u64, u64)) -> Candidate {
        let policy_id = rule_id * 10;
        let policy_name = format!("P{policy_id}");
        let disabled_node = None;
        Candidate { rule_id, policy_id, policy_name, priority, min_file_size, max_file_size, disabled_node }
    }

    fn choose(candidates: &[Candidate], size: u64) -> Option<i64> {
        let verdicts = explain(candidates.to_vec(), size);
        verdicts.into_iter().find(|rule| rule.outcome == Outcome::Chosen).map(|rule| rule.policy_id)
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
        rules[0].disabled_node = Some("edge".into());
        assert_eq!(choose(&rules, 5), Some(20));
        rules[1].disabled_node = Some("edge".into());
        assert_eq!(choose(&rules, 5), None);
    }

    #[test]
    fn every_rule_says_what_becomes_of_it() {
        let mut rules = [(1, 4, 0, 0), (2, 1, 100, 0), (3, 2, 0, 50), (4, 3, 0, 0), (5, 5, 0, 0)].map(rule);
        rules[3].disabled_node = Some("edge".into());
        let skipped = |reason: &str| Outcome::Skipped(reason.to_owned());
        let outcomes: Vec<(i64, Outcome)> =
            explain(rules.to_vec(), 50).into_iter().map(|rule| (rule.rule_id, rule.outcome)).collect();
        assert_eq!(
            outcomes,
            [
                (2, skipped("the rule is for files of at least 100 bytes")),
                (3, skipped("the rule is for files of less than 50 bytes")),
                (4, skipped("node `edge` is disabled")),
                (1, Outcome::Chosen),
                (5, Outcome::NotReached),
            ]
        );
    }
}
