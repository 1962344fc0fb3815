//! New passwords, by the user or by an administrator.

use secrecy::SecretString;

use super::devices::end_everything;
use super::guard::Target;
use super::rules::check_password;
use super::{AccountError, Accounts, CurrentUser, store};
use crate::primary::audit::Action;

impl Accounts {
    /// Changes the own password and ends all logins but `kept`; API tokens stay, they are listed and taken back one by
    /// one. Gives how many logins ended. A wrong current password counts like one at a login.
    pub async fn change_password(
        &self,
        user: &CurrentUser,
        kept: &str,
        current: &SecretString,
        new: &SecretString,
    ) -> Result<u64, AccountError> {
        check_password(new)?;
        let stored = store::password_hash(&self.db, user.id).await?;
        let stored = stored.ok_or(AccountError::NotFound(user.id))?;
        let target = Target::Account(user.id);
        let tried = self.guard.admit_known(&self.settings, target, user.caller.ip).inspect_err(|_| {
            self.failures.throttled(&user.caller);
        })?;
        match self.passwords.verify(current, Some(stored.clone())).await {
            Ok(true) => self.guard.forgive(&tried),
            Ok(false) => {
                let account = Some((user.id, user.username.as_str()));
                self.note_failure(&user.caller, account, "wrong current password").await;
                return Err(AccountError::WrongCurrentPassword);
            }
            Err(error) => {
                self.guard.forgive(&tried);
                return Err(error.into());
            }
        }
        let hash = self.passwords.hash(new).await?;
        let mut tx = self.db.begin().await?;
        store::user_for_change(&mut tx, user.id).await?.ok_or(AccountError::NotFound(user.id))?;
        // Somebody may have changed it while the hashes ran; then the current one was not the current one.
        if !store::replace_password(&mut tx, user.id, &stored, &hash).await? {
            return Err(AccountError::WrongCurrentPassword);
        }
        let ended = store::sessions::delete_others(&mut tx, user.id, kept).await?;
        let details = format!("{ended} other logins ended");
        self.audit_account(&mut tx, user, Action::ChangePassword, (user.id, &user.username), &details)
            .await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// Sets an account's password and ends its logins and API tokens.
    pub async fn reset_password(
        &self,
        by: &CurrentUser,
        id: i64,
        new: &SecretString,
    ) -> Result<(), AccountError> {
        check_password(new)?;
        // Asked before, to spare the hash.
        self.get(id).await?;
        let hash = self.passwords.hash(new).await?;
        let mut tx = self.db.begin().await?;
        let mut account = store::user_for_change(&mut tx, id).await?.ok_or(AccountError::NotFound(id))?;
        store::set_password(&mut tx, id, &hash).await?;
        end_everything(&mut tx, &mut account).await?;
        self.audit_account(&mut tx, by, Action::ResetPassword, (id, &account.username), "").await?;
        Ok(tx.commit().await?)
    }
}
