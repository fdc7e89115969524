//! `SEND_EMAIL`: composes one of the server's own mails and sends it. At least once: a crash between the two sends it again.

use serde_json::json;

use crate::app::App;
use crate::jobs::{JobError, Outcome, Outgoing, Progress, RunningJob};
use crate::mailer::Letter;
use crate::users::{User, user};

/// Sends the mail. One to a user who is gone is done with nothing sent.
pub async fn run(app: &App, running: &RunningJob, outgoing: Outgoing) -> Result<Outcome, JobError> {
    running.keep_going()?;
    let Outgoing::Welcome { user_id } = outgoing;
    // The connection goes back before the mail server is asked, which may take its time.
    let mut conn = app.pool.connection().await?;
    let user = user::find(&mut conn, user_id).await?;
    drop(conn);
    let sent = match user {
        Some(user) => {
            app.mailer.send(&welcome(&user, &app.config.frontend_url)).await?;
            1
        }
        None => 0,
    };
    let progress = Progress { done: sent, total: Some(sent), ..Progress::default() };
    Ok(Outcome::done(json!({ "sent": sent }), progress))
}

fn welcome(user: &User, frontend_url: &str) -> Letter {
    let User { display_name, username, email, base_currency, time_zone, .. } = user;
    let text = format!(
        "Hello {display_name},\n\n\
         your account `{username}` on pennypost is ready. Sign in here:\n\n    {frontend_url}\n\n\
         Your ledger is empty until a mailbox fills it. Connect one of your own, or the demo mailbox to look around \
         first, and the purchases, refunds and fees in its mails become rows. Totals are in {base_currency}, and a day \
         begins and ends in the zone {time_zone}.\n\n\
         If you did not sign up, somebody typed your address by mistake: nothing of yours was read, and you need not do \
         anything.\n\n\
         pennypost\n"
    );
    Letter { to: email.clone(), subject: "Welcome to pennypost".to_owned(), text }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_welcome_mail_names_the_user_and_where_to_sign_in() {
        let user = User {
            id: Uuid::nil(),
            display_name: "Ana Keller".to_owned(),
            username: "ana".to_owned(),
            email: "ana@keller.example".to_owned(),
            role: "user".to_owned(),
            is_active: true,
            base_currency: "CHF".to_owned(),
            time_zone: "Europe/Zurich".to_owned(),
            last_login_at: None,
            created_at: chrono::DateTime::<Utc>::UNIX_EPOCH,
            updated_at: chrono::DateTime::<Utc>::UNIX_EPOCH,
        };
        let letter = welcome(&user, "https://money.keller.example");
        assert_eq!(letter.to, "ana@keller.example");
        for expected in ["Hello Ana Keller,", "`ana`", "https://money.keller.example", "CHF", "Europe/Zurich"]
        {
            assert!(letter.text.contains(expected), "{expected} is missing:\n{}", letter.text);
        }
    }
}
