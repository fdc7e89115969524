//! One transaction as a row.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::db::schema::transactions;
use crate::viewer::Credential;

/// Where a row came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// A mail.
    Mail,
    /// A person.
    Manual,
    /// A file of transactions.
    Import,
    /// A program with a token.
    Api,
}

impl Source {
    /// The source of what somebody writes who shows that.
    pub fn of(credential: Credential) -> Self {
        match credential {
            Credential::Session(_) => Self::Manual,
            Credential::Token(_) => Self::Api,
        }
    }

    /// The name in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "MAIL",
            Self::Manual => "MANUAL",
            Self::Import => "IMPORT",
            Self::Api => "API",
        }
    }

    /// The source of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Mail, Self::Manual, Self::Import, Self::Api].into_iter().find(|source| source.as_str() == name)
    }
}

/// How final a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Authorised; the amount may still change.
    Pending,
    /// Booked.
    Posted,
    /// Reversed.
    Void,
}

impl State {
    /// The name in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Posted => "POSTED",
            Self::Void => "VOID",
        }
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Pending, Self::Posted, Self::Void].into_iter().find(|state| state.as_str() == name)
    }
}

/// A transaction.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = transactions)]
pub struct Transaction {
    /// UUID version 7.
    pub id: Uuid,
    /// The owner.
    pub user_id: Uuid,
    /// The day in the owner's zone, fixed at filing.
    pub booked_on: NaiveDate,
    /// The moment, where the mail gives one.
    pub occurred_at: Option<DateTime<Utc>>,
    /// Signed from the account's view: out is negative.
    pub amount: Decimal,
    /// ISO 4217 code of the amount.
    pub currency: String,
    /// What the merchant charged, when billed in another currency.
    pub original_amount: Option<Decimal>,
    /// ISO 4217 code of that.
    pub original_currency: Option<String>,
    /// Who was paid, or who paid.
    pub merchant: Option<String>,
    /// What it was for.
    pub description: Option<String>,
    /// What a person wrote about it.
    pub notes: Option<String>,
    /// The account.
    pub account_id: Uuid,
    /// The category.
    pub category_id: Option<Uuid>,
    /// MAIL, MANUAL, IMPORT or API.
    pub source: String,
    /// PENDING, POSTED or VOID.
    pub state: String,
    /// The columns that a person set.
    pub edited_fields: Vec<Option<String>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// The columns of a transaction that nearly every list shows.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = transactions)]
pub struct Brief {
    /// UUID version 7.
    pub id: Uuid,
    /// The day in the owner's zone, fixed at filing.
    pub booked_on: NaiveDate,
    /// Signed from the account's view: out is negative.
    pub amount: Decimal,
    /// ISO 4217 code of the amount.
    pub currency: String,
    /// Who was paid, or who paid.
    pub merchant: Option<String>,
    /// The account.
    pub account_id: Uuid,
    /// The category.
    pub category_id: Option<Uuid>,
}

/// The names of what a transaction hangs on, each where it was wanted.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Of the account.
    pub account: Option<String>,
    /// Of the category; none for a transaction without one.
    pub category: Option<String>,
}

/// How much of each transaction a list wants; the default is as little as there is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// More than is in brief.
    pub whole: bool,
    /// The name of the account.
    pub account_name: bool,
    /// The name of the category.
    pub category_name: bool,
}

/// A transaction of a list, as much of it as was wanted.
#[derive(Clone, Debug)]
pub struct Listed {
    /// What is always there.
    pub brief: Brief,
    /// All of it.
    pub whole: Option<Box<Transaction>>,
    /// The names of what it hangs on.
    pub names: Names,
}

impl Brief {
    /// The key that every list is sorted by.
    pub fn key(&self) -> (NaiveDate, Uuid) {
        (self.booked_on, self.id)
    }
}

impl From<(Option<String>, Option<String>)> for Names {
    fn from((account, category): (Option<String>, Option<String>)) -> Self {
        Self { account, category }
    }
}

impl Listed {
    /// One in brief.
    pub fn brief(brief: Brief, names: Names) -> Self {
        Self { brief, whole: None, names }
    }

    /// One with all its columns.
    pub fn whole(row: Transaction, names: Names) -> Self {
        let brief = Brief {
            id: row.id,
            booked_on: row.booked_on,
            amount: row.amount,
            currency: row.currency.clone(),
            merchant: row.merchant.clone(),
            account_id: row.account_id,
            category_id: row.category_id,
        };
        Self { brief, whole: Some(Box::new(row)), names }
    }
}

impl Transaction {
    /// The key that every list is sorted by.
    pub fn key(&self) -> (NaiveDate, Uuid) {
        (self.booked_on, self.id)
    }
}
