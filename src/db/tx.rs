//! An open write transaction.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use sqlx::{Any, AnyConnection, Transaction};

use super::Db;
use super::log::Log;

/// An open write transaction; dropped without commit it rolls back.
#[derive(Debug)]
pub struct Tx {
    open: Transaction<'static, Any>,
    log: Option<Arc<Log>>,
    #[cfg(test)]
    steps: super::failing::Steps,
}

impl Tx {
    pub(super) fn new(open: Transaction<'static, Any>, db: &Db) -> Self {
        Self {
            open,
            log: db.log.clone(),
            #[cfg(test)]
            steps: db.steps().clone(),
        }
    }

    /// Makes what was written the truth, and durable. After an error it may be or not be: the answer may have been lost.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        let committing = async {
            self.open.commit().await?;
            match &self.log {
                Some(log) => log.sync().await.map_err(sqlx::Error::Io),
                None => Ok(()),
            }
        };
        #[cfg(test)]
        return self.steps.take(committing, super::failing::database_error).await;
        #[cfg(not(test))]
        committing.await
    }
}

impl Deref for Tx {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.open
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.open
    }
}
