//! What strangers may do with a token.

use secrecy::SecretString;

use super::access::{self, ACCESS_SECS, DOWNLOAD_SECS, Proof};
use super::{Counted, Share, ShareError, Shares, Status, TOKEN_BYTES, store};
use crate::primary::accounts::Accounts;
use crate::primary::caller::Caller;
use crate::primary::files::{FileError, FileRecord, Files, Item};
use crate::primary::throttle::network_of;
use crate::protocol::Timestamp;

/// A share that a visitor may use: it is usable, and the password was given where there is one. Only made by
/// [`Shares::visit`].
#[derive(Debug)]
pub struct Visited(Share);

impl Visited {
    /// The share.
    pub fn share(&self) -> &Share {
        &self.0
    }
}

impl Shares {
    /// The share with this token, if it is usable; one without downloads left still is.
    pub async fn open(&self, token: &str) -> Result<Share, ShareError> {
        // Whatever has not the form of a token needs no look into the database.
        if token.len() != 2 * TOKEN_BYTES || !token.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(ShareError::NotFound);
        }
        let share = store::by_token(&self.db, token).await?.ok_or(ShareError::NotFound)?;
        match share.status(Timestamp::now()) {
            Status::Active | Status::Exhausted => Ok(share),
            Status::Expired | Status::Unavailable => Err(ShareError::NotFound),
        }
    }

    /// Counts a look at the share's page.
    pub async fn count_view(&self, share: &Share) -> Result<(), ShareError> {
        Ok(store::count_view(&self.db, share.id).await?)
    }

    /// Whether a visitor with this proof may see what is shared.
    pub fn admits(&self, share: &Share, proof: Option<&str>) -> bool {
        let proven = |value| access::holds(&self.key, share, Proof::Access, value, Timestamp::now());
        !share.has_password() || proof.is_some_and(proven)
    }

    /// The share with this token for a visitor with this proof.
    pub async fn visit(&self, token: &str, proof: Option<&str>) -> Result<Visited, ShareError> {
        let share = self.open(token).await?;
        if self.admits(&share, proof) { Ok(Visited(share)) } else { Err(ShareError::PasswordNeeded) }
    }

    /// The proof for a visitor who knows the password, and the seconds that it holds.
    ///
    /// Wrong passwords are counted for each share and address, and for each address, with the limits of logins. There
    /// is no limit for a share from everywhere: it would let a stranger close the share to all others.
    pub async fn verify(
        &self,
        accounts: &Accounts,
        token: &str,
        password: &SecretString,
        caller: &Caller,
    ) -> Result<(String, u64), ShareError> {
        let share = self.open(token).await?;
        if share.has_password() {
            let network = network_of(caller.ip);
            let (pair, address) = (self.settings.account_limit(), self.settings.address_limit());
            if let (Some(pair), Some(address)) = (pair, address) {
                self.tries.take((share.id, network), 1, pair)?;
                if let Err(wait) = self.addresses.take(network, 1, address) {
                    self.tries.put_back((share.id, network), 1, pair);
                    return Err(wait.into());
                }
            }
            let fits = accounts.fits_other(password, Some(share.password_hash.clone())).await;
            // Only a password that was looked at and is wrong counts.
            if let (Some(pair), Some(address), Ok(true) | Err(_)) = (pair, address, &fits) {
                self.tries.put_back((share.id, network), 1, pair);
                self.addresses.put_back(network, 1, address);
            }
            if !fits? {
                return Err(ShareError::WrongPassword);
            }
        }
        let end = Timestamp::now().plus_secs(ACCESS_SECS.cast_signed());
        Ok((access::prove(&self.key, &share, Proof::Access, end), ACCESS_SECS))
    }

    /// The folder that a visitor names (`None` is the shared one), if it lies in the share.
    pub async fn folder(
        &self,
        files: &Files,
        visited: &Visited,
        folder_id: Option<i64>,
    ) -> Result<i64, ShareError> {
        let Item::Folder(root) = visited.0.item else { return Err(ShareError::NotFound) };
        let Some(id) = folder_id else { return Ok(root) };
        let outside = ShareError::NotInShare { what: "folder", id };
        match files.lies_below(visited.0.space, id, root).await {
            Ok(true) => Ok(id),
            Ok(false) | Err(FileError::FolderNotFound(_)) => Err(outside),
            Err(error) => Err(error.into()),
        }
    }

    /// The file that a visitor names (`None` is the shared one), if it is shared.
    pub async fn file(
        &self,
        files: &Files,
        visited: &Visited,
        file_id: Option<i64>,
    ) -> Result<FileRecord, ShareError> {
        let space = visited.0.space;
        match (visited.0.item, file_id) {
            (Item::File(id), None) => Ok(files.get(space, id).await?),
            (Item::File(shared), Some(id)) if shared == id => Ok(files.get(space, id).await?),
            (Item::Folder(root), Some(id)) => {
                let outside = || ShareError::NotInShare { what: "file", id };
                let file = match files.get(space, id).await {
                    Err(FileError::NotFound(_)) => return Err(outside()),
                    found => found?,
                };
                let folder = file.folder_id.ok_or_else(outside)?;
                if files.lies_below(space, folder, root).await? { Ok(file) } else { Err(outside()) }
            }
            (Item::File(_), Some(id)) => Err(ShareError::NotInShare { what: "file", id }),
            (Item::Folder(_), None) => Err(ShareError::NotFound),
        }
    }

    /// Counts the download of a file, unless `proof` says that this client continues the one it was counted for last.
    pub async fn count_file(
        &self,
        visited: &Visited,
        file: &FileRecord,
        continues: Option<&str>,
    ) -> Result<Option<Counted>, ShareError> {
        let proof = Proof::Download { file_id: file.id, hash: &file.blob.hash };
        let now = Timestamp::now();
        if continues.is_some_and(|value| access::holds(&self.key, &visited.0, proof, value, now)) {
            return Ok(None);
        }
        self.count(visited.0.id).await.map(Some)
    }

    /// Counts the download of everything that is shared.
    pub async fn count_archive(&self, visited: &Visited) -> Result<Counted, ShareError> {
        self.count(visited.0.id).await
    }

    /// The proof for the client of a counted download, and the seconds that it holds.
    pub fn continuation(&self, visited: &Visited, file: &FileRecord) -> (String, u64) {
        let proof = Proof::Download { file_id: file.id, hash: &file.blob.hash };
        let end = Timestamp::now().plus_secs(DOWNLOAD_SECS.cast_signed());
        (access::prove(&self.key, &visited.0, proof, end), DOWNLOAD_SECS)
    }
}
