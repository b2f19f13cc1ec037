//! Migrations: each service's own, in its own schema, behind the message tables that all share.

use std::borrow::Cow;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, SqlSafeStr as _};

use super::Pool;
use crate::messages;

/// A service's migrations, made with `sqlx::migrate!()`.
#[derive(Clone, Copy)]
pub struct Migrations {
    /// The schema, which is the service's name.
    pub schema: &'static str,
    /// What the service's `migrations/` folder holds.
    pub own: &'static Migrator,
}

/// The message tables come before the service's own, which start at 1.
const MESSAGES_VERSION: i64 = 0;

impl Migrations {
    /// Brings the schema up to date.
    ///
    /// # Errors
    /// A sentence that names the schema and what the database said.
    pub async fn run(&self, pool: &Pool) -> Result<(), String> {
        let mut connection = pool.get().await.map_err(|error| error.to_string())?;
        self.migrator()
            .run(&mut *connection)
            .await
            .map_err(|error| format!("Schema {} could not be migrated: {error}", self.schema))
    }

    /// Whether the schema is what this program expects.
    ///
    /// # Errors
    /// A sentence that says to run `yimen migrate`.
    pub async fn check(&self, pool: &Pool) -> Result<(), String> {
        let pending = format!(
            "The database is not up to date for {}: run `yimen migrate` with the same configuration, then start again.",
            self.schema
        );
        let table = format!("{}.migration", self.schema);
        let mut connection = pool.get().await.map_err(|error| error.to_string())?;
        let there: bool = sqlx::query_scalar("select to_regclass($1) is not null")
            .bind(&table)
            .fetch_one(&mut *connection)
            .await
            .map_err(|error| error.to_string())?;
        if !there {
            return Err(pending);
        }
        let applied: Vec<i64> = sqlx::query_scalar(AssertSqlSafe(format!(
            "select version from {table} where success order by version"
        )))
        .fetch_all(&mut *connection)
        .await
        .map_err(|error| error.to_string())?;
        let wanted: Vec<i64> = self.migrator().iter().map(|migration| migration.version).collect();
        if applied.iter().any(|version| !wanted.contains(version)) {
            return Err(format!(
                "The database is newer than this program for {}: start the version that migrated it.",
                self.schema
            ));
        }
        if wanted.len() == applied.len() { Ok(()) } else { Err(pending) }
    }

    fn migrator(&self) -> Migrator {
        let mut migrations = vec![Migration::new(
            MESSAGES_VERSION,
            Cow::Borrowed("messages"),
            MigrationType::Simple,
            AssertSqlSafe(messages::tables_sql(self.schema)).into_sql_str(),
            false,
        )];
        migrations.extend(self.own.iter().cloned());
        let mut migrator = Migrator::with_migrations(migrations);
        migrator.dangerous_set_table_name(format!("{}.migration", self.schema));
        migrator.create_schema(self.schema);
        migrator
    }
}
