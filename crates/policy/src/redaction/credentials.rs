//! The preset `credentials`: rules that tell from the name of a header or of a parameter whether the value is a
//! credential. The rules read the normal form of a name, so one rule covers every spelling of a name.

/// How many bytes of a normal form are held at once.
const WINDOW: usize = 64;

/// How many bytes stay when the window moves on, so that a part is found across its end. No part with digits behind it
/// is longer.
const OVERLAP: usize = 24;

/// How many digits in a row are held. No part has a digit, so a few are as good as many.
const DIGITS: usize = 4;

/// How a rule finds its part in the normal form of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The normal form is the part.
    Whole,
    /// The normal form begins with the part.
    Start,
    /// The normal form ends with the part.
    End,
    /// The part stands anywhere in the normal form.
    Anywhere,
}

/// The rules of the preset. A name is a credential's if a rule finds one of its parts.
pub const RULES: &[(Place, &[&str])] = &[
    (Place::Anywhere, ANYWHERE),
    (Place::End, END),
    (Place::Start, START),
    (Place::Whole, WHOLE),
];

const ANYWHERE: &[&str] = &[
    "accesskey",
    "apikey",
    "clientcert",
    "credential",
    "jwt",
    "passcode",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "saml",
    "secret",
];

const END: &[&str] = &[
    "assertion",
    "auth",
    "authkey",
    "authorization",
    "cookie",
    "csrf",
    "customerkey",
    "encryptionkey",
    "hmac",
    "masterkey",
    "pwd",
    "sessid",
    "sessionid",
    "sessionkey",
    "signature",
    "signingkey",
    "subscriptionkey",
    "token",
    "tokenhint",
    "verifier",
    "xsrf",
];

const START: &[&str] = &["xmstoken"];

const WHOLE: &[&str] = &[
    "bearer",
    "connectsid",
    "dpop",
    "otp",
    "pass",
    "session",
    "sid",
    "sig",
    "ticket",
    "totp",
    "usersession",
    "xamznoidcdata",
    "xfunctionskey",
    "xsession",
    "xwsse",
];

/// Ends of names that [`Place::End`] finds and that are not a credential's: tokens by which a list is read page by
/// page.
pub const EXCEPTIONS: &[&str] = &[
    "continuationtoken",
    "continuetoken",
    "nexttoken",
    "pagetoken",
    "synctoken",
];

/// The normal form of a name as far as the rules need it: the ASCII letters and digits in lower case, without digits at
/// the end.
struct NormalForm {
    bytes: [u8; WINDOW],
    length: usize,
    /// Whether bytes in front of these were left out.
    is_cut: bool,
}

/// Whether the rules say that the name of a header or parameter is a credential's. The time depends on the length of
/// the name alone.
pub fn is_credential(name: &[u8]) -> bool {
    // No part of a rule is shorter.
    if name.len() < 3 {
        return false;
    }
    let mut normal = NormalForm {
        bytes: [0; WINDOW],
        length: 0,
        is_cut: false,
    };
    let mut digits = 0_usize;
    for byte in name.iter().map(u8::to_ascii_lowercase) {
        match byte {
            b'a'..=b'z' => digits = 0,
            b'0'..=b'9' if digits < DIGITS => digits += 1,
            _ => continue,
        }
        if normal.length == WINDOW {
            if normal.has_part() {
                return true;
            }
            normal.cut();
        }
        normal.push(byte);
    }
    normal.drop_digits();
    normal.has_part() || normal.is_named() || (normal.has_end() && !normal.is_exception())
}

// === impl NormalForm ===

impl NormalForm {
    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = byte;
            self.length += 1;
        }
    }

    /// Leaves all but the last bytes out.
    fn cut(&mut self) {
        self.bytes.copy_within(WINDOW - OVERLAP.., 0);
        self.length = OVERLAP;
        self.is_cut = true;
    }

    fn drop_digits(&mut self) {
        while let Some(b'0'..=b'9') = self.bytes().last() {
            self.length -= 1;
        }
    }

    /// Whether a rule finds its part anywhere or at the start.
    fn has_part(&self) -> bool {
        if !self.is_cut && START.iter().any(|part| self.bytes().starts_with(part.as_bytes())) {
            return true;
        }
        let mut rest = self.bytes();
        while let [first, after @ ..] = rest {
            // Few places begin as one of the parts does.
            if let (b'a' | b'c' | b'j' | b'p' | b's', Some(b'a' | b'c' | b'e' | b'l' | b'p' | b'r' | b'w')) =
                (first, after.first())
                && ANYWHERE.iter().any(|part| rest.starts_with(part.as_bytes()))
            {
                return true;
            }
            rest = after;
        }
        false
    }

    /// Whether the name is one that a rule names.
    fn is_named(&self) -> bool {
        !self.is_cut && WHOLE.iter().any(|part| self.bytes() == part.as_bytes())
    }

    /// Whether a rule finds its part at the end.
    fn has_end(&self) -> bool {
        let last = self.bytes().last();
        END.iter()
            .any(|part| part.as_bytes().last() == last && self.bytes().ends_with(part.as_bytes()))
    }

    fn is_exception(&self) -> bool {
        let bytes = self.bytes();
        EXCEPTIONS.iter().any(|exception| bytes.ends_with(exception.as_bytes()))
    }
}
