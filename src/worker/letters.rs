//! What the server's own mails say.

use crate::mailer::Letter;
use crate::users::User;

/// Greets a new user, by the username: the address may be a stranger's, and the display name says whatever somebody wants it to.
pub(super) fn welcome(user: &User, frontend_url: &str) -> Letter {
    let User { username, email, base_currency, time_zone, .. } = user;
    let text = format!(
        "Hello {username},\n\n\
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

/// Brings the code for a new password.
pub(super) fn password_reset(user: &User, code: &str, frontend_url: &str) -> Letter {
    let User { display_name, username, email, .. } = user;
    let text = format!(
        "Hello {display_name},\n\n\
         somebody, probably you, wants a new password for your account `{username}` on pennypost. The code is\n\n    {code}\n\n\
         Type it in at {frontend_url} within five minutes; it is good once. Nobody from pennypost will ever ask you for it.\n\n\
         If it was not you, do nothing: without the code your password stays as it is.\n\n\
         pennypost\n"
    );
    Letter { to: email.clone(), subject: "Your code for a new password".to_owned(), text }
}

/// Says that a session has ended because somebody showed an old refresh token of it.
pub(super) fn refresh_token_reused(user: &User, frontend_url: &str) -> Letter {
    let User { display_name, username, email, .. } = user;
    let text = format!(
        "Hello {display_name},\n\n\
         a device of your account `{username}` on pennypost was signed out, because a key that it had used up was shown once \
         more. Somebody may have copied it: from a backup, for example, or from a device that was lost.\n\n\
         Nobody can go on with it now. Sign in again at {frontend_url}, look at the list of your devices, and change your \
         password if you do not know each of them.\n\n\
         pennypost\n"
    );
    Letter { to: email.clone(), subject: "A device was signed out of pennypost".to_owned(), text }
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
        for expected in ["Hello ana,", "`ana`", "https://money.keller.example", "CHF", "Europe/Zurich"] {
            assert!(letter.text.contains(expected), "{expected} is missing:\n{}", letter.text);
        }
    }
}
