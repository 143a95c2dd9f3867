//! Redaction of any path or URL: its query, its path parameters, its fragment and its user are as the model says.

use crate::input::Input;
use crate::redaction_model::MODELS;
use mirror_policy::work::Work;

/// Checks one input: how, then a URL.
pub fn check(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let model = input.pick(MODELS);
    let url = input.rest();
    let edited = |url: &[u8]| {
        let copied = model.with_redaction(|redaction| {
            redaction
                .header((b":path", url), &Work::new(u64::MAX))
                .map(|url| url.into_owned())
        });
        copied.expect("a path is always on the copy")
    };
    let once = edited(url);
    assert_eq!(
        once.escape_ascii().to_string(),
        model.url(url).escape_ascii().to_string(),
        "{} by {}",
        url.escape_ascii(),
        model.keys
    );
    // Without its parameters, a path such as `/a:;b//c@d` becomes a URL, whose user is redacted then.
    if !model.is_hash && !url.contains(&b';') {
        assert_eq!(edited(&once), once, "what is redacted needs no redaction");
    }
}
