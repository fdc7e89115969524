//! The passwords that everybody tries first.
//!
//! `common_passwords.txt` is sorted, in small letters, and holds those of the 19,640 commonest that are long enough to be a
//! password here: all such of the first 10,000 are among them. It is made from the list of Django, whose licence is in
//! `docs/licences/django.txt`.

use std::sync::LazyLock;

static COMMON: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// True for a password that is among the commonest, whatever the case of its letters.
pub fn is_common(password: &str) -> bool {
    let wanted = password.trim().to_lowercase();
    COMMON.binary_search(&wanted.as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::users::password::MIN_LENGTH;

    #[test]
    fn the_list_is_sorted_in_small_letters_and_long_enough_to_matter() {
        assert!(COMMON.is_sorted() && COMMON.len() > 8_000);
        for password in COMMON.iter() {
            assert!(
                password.chars().count() >= MIN_LENGTH && *password == password.to_lowercase(),
                "{password}"
            );
        }
    }

    #[test]
    fn what_everybody_tries_first_is_found_whatever_its_case() {
        for password in ["password1", "12345678", "QwertyUiop", " iloveyou "] {
            assert!(is_common(password), "{password}");
        }
        assert!(!is_common("a rather long pass phrase") && !is_common(""));
    }
}
