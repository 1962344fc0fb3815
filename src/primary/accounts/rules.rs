//! What a user name, a mail address and a password may be (primary spec §2.2).

use secrecy::{ExposeSecret, SecretString};

const USERNAME_CHARS: std::ops::RangeInclusive<usize> = 4..=16;
const PASSWORD_CHARS: std::ops::RangeInclusive<usize> = 8..=128;
/// Longest mail address that can be delivered to (RFC 5321).
pub(super) const MAX_EMAIL_BYTES: usize = 254;

/// Which part of a new account was refused, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAccount {
    /// The user name.
    #[error("username must have 4 to 16 characters from a-z, A-Z, 0-9, `_` and `-`")]
    Username,
    /// The mail address.
    #[error("email must be one address such as name@example.org, at most {MAX_EMAIL_BYTES} bytes")]
    Email,
    /// The password.
    #[error("password must have 8 to 128 characters")]
    Password,
}

/// A new account whose parts have been checked.
#[derive(Debug)]
pub struct NewAccount {
    username: String,
    email: String,
    password: SecretString,
}

impl NewAccount {
    /// Checks the parts; white space around name and address is dropped.
    pub fn new(username: &str, email: &str, password: SecretString) -> Result<Self, InvalidAccount> {
        let (username, email) = (username.trim(), email.trim());
        if !is_username(username) {
            return Err(InvalidAccount::Username);
        }
        if !is_email(email) {
            return Err(InvalidAccount::Email);
        }
        check_password(&password)?;
        Ok(Self { username: username.to_owned(), email: email.to_owned(), password })
    }

    /// The login name.
    pub fn username(&self) -> &str {
        &self.username
    }

    pub(super) fn email(&self) -> &str {
        &self.email
    }

    /// The password.
    pub fn password(&self) -> &SecretString {
        &self.password
    }
}

/// Refuses a password that is too short or too long.
pub(super) fn check_password(password: &SecretString) -> Result<(), InvalidAccount> {
    // Bytes are looked at first: counting the characters of a megabyte is wasted work.
    let text = password.expose_secret();
    let fits = text.len() <= 4 * PASSWORD_CHARS.end() && PASSWORD_CHARS.contains(&text.chars().count());
    if fits { Ok(()) } else { Err(InvalidAccount::Password) }
}

/// How names and addresses are compared.
pub(super) fn folded(name: &str) -> String {
    name.to_lowercase()
}

fn is_username(name: &str) -> bool {
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    USERNAME_CHARS.contains(&name.len()) && name.bytes().all(legal)
}

fn is_email(address: &str) -> bool {
    let Some((local, domain)) = address.split_once('@') else { return false };
    let domain_legal = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-');
    address.len() <= MAX_EMAIL_BYTES
        && !local.is_empty()
        && !local.chars().any(|c| c.is_whitespace() || c.is_control())
        && !domain.is_empty()
        && domain.chars().all(domain_legal)
        && !domain.split('.').any(str::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(username: &str, email: &str, password: &str) -> Result<(), InvalidAccount> {
        NewAccount::new(username, email, password.into()).map(|_| ())
    }

    #[test]
    fn names_have_4_to_16_plain_characters() {
        for good in ["anna", "A-b_9", "x234567890123456", " anna "] {
            assert_eq!(check(good, "a@b.c", "12345678"), Ok(()), "{good}");
        }
        for bad in ["", "abc", "x2345678901234567", "a b c", "änna", "a@bcd"] {
            assert_eq!(check(bad, "a@b.c", "12345678"), Err(InvalidAccount::Username), "{bad}");
        }
    }

    #[test]
    fn an_address_has_one_at_sign_and_a_domain() {
        for good in ["a@b", "name+tag@example.org", "ü@münchen.example"] {
            assert_eq!(check("anna", good, "12345678"), Ok(()), "{good}");
        }
        let long = format!("{}@example.org", "x".repeat(250));
        for bad in ["", "a", "@b", "a@", "a b@c", "a@b@c", "a@b..c", "a@.b", "a@b\n", &long] {
            // A trailing line break is white space around the address.
            let expected = if bad == "a@b\n" { Ok(()) } else { Err(InvalidAccount::Email) };
            assert_eq!(check("anna", bad, "12345678"), expected, "{bad}");
        }
    }

    #[test]
    fn a_password_has_8_to_128_characters() {
        for good in ["12345678", &"ü".repeat(128), "        "] {
            assert_eq!(check("anna", "a@b.c", good), Ok(()), "{good}");
        }
        for bad in ["", "1234567", &"x".repeat(129), &"x".repeat(100_000)] {
            assert_eq!(check("anna", "a@b.c", bad), Err(InvalidAccount::Password));
        }
    }
}
