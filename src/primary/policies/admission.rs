//! Whether a file may go to the policy that was chosen for it.

use super::allowed::type_of;
use super::{Chosen, Policies, PolicyError};

impl Policies {
    /// Refuses a file of this name or size that the policy does not take. The size is compared once more when the real
    /// one is known, if the sender did not say it.
    pub fn admit(&self, place: &Chosen, name: &str, size: u64) -> Result<(), PolicyError> {
        let policy = &place.policy;
        if !policy.allowed_types.allows(name) {
            return Err(PolicyError::TypeNotAllowed {
                policy: policy.name.clone(),
                found: type_of(name),
                allowed: policy.allowed_types.clone(),
            });
        }
        let max = policy.max_file_size;
        if max != 0 && size > max {
            return Err(PolicyError::TooLarge { size, max, policy: policy.name.clone() });
        }
        Ok(())
    }
}
