//! An open write transaction.

use std::ops::{Deref, DerefMut};

use sqlx::{Any, AnyConnection, Transaction};

use super::Db;

/// An open write transaction; dropped without commit it rolls back.
#[derive(Debug)]
pub struct Tx {
    open: Transaction<'static, Any>,
    #[cfg(test)]
    steps: super::failing::Steps,
}

impl Tx {
    #[cfg_attr(not(test), allow(unused_variables, reason = "only tests let a database fail"))]
    pub(super) fn new(open: Transaction<'static, Any>, db: &Db) -> Self {
        Self {
            open,
            #[cfg(test)]
            steps: db.steps().clone(),
        }
    }

    /// Makes what was written the truth. After an error it may be or not be: the answer may have been lost.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        #[cfg(test)]
        return self.steps.take(self.open.commit(), super::failing::database_error).await;
        #[cfg(not(test))]
        self.open.commit().await
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
