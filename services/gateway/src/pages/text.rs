//! The words of the pages: one catalog with a key for every text, in Chinese and in English.
//!
//! A template never holds a sentence, only its key. Reasons for refusals are the one exception:
//! they stand in the kernel, because programs get the same sentences.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::LazyLock;

use toml::Value;
use yimen_kernel::Lang;

const ZH: &str = include_str!("../../locales/zh.toml");
const EN: &str = include_str!("../../locales/en.toml");

type Catalog = BTreeMap<String, String>;

static CATALOGS: LazyLock<Result<(Catalog, Catalog), String>> =
    LazyLock::new(|| Ok((read("zh.toml", ZH)?, read("en.toml", EN)?)));

/// The catalog in one language.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    lang: Lang,
    catalog: &'static Catalog,
}

impl Text {
    /// The catalog in this language.
    ///
    /// # Errors
    /// A sentence that names the broken catalog.
    pub fn of(lang: Lang) -> Result<Self, String> {
        let (zh, en) = CATALOGS.as_ref().map_err(Clone::clone)?;
        let catalog = match lang {
            Lang::Zh => zh,
            Lang::En => en,
        };
        Ok(Self { lang, catalog })
    }

    /// Its language.
    pub fn lang(self) -> Lang {
        self.lang
    }

    /// The text under a key. A missing one shows its key, which a test would have found.
    pub fn get(self, key: &str) -> &str {
        self.find(key).unwrap_or(key)
    }

    /// The text under a key, if there is one.
    pub fn find(self, key: &str) -> Option<&'static str> {
        self.catalog.get(key).map(String::as_str)
    }

    /// The text under a key, with `{name}` filled.
    pub fn with(self, key: &str, name: &str, value: impl Display) -> String {
        self.get(key).replacen(&format!("{{{name}}}"), &value.to_string(), 1)
    }

    /// The text for a number of things: `<key>.one` or `<key>.other`, with `{n}` filled.
    pub fn count(self, key: &str, n: u64) -> String {
        let form = if n == 1 { "one" } else { "other" };
        self.with(&format!("{key}.{form}"), "n", n)
    }

    /// The name of a value of the contract's enum, as `SUPPLEMENT_REQUESTED` of `application_state`.
    pub fn name(self, kind: &str, value: &str) -> String {
        self.get(&format!("{kind}.{}", value.to_ascii_lowercase())).to_owned()
    }

    /// Whichever of the two is written in this language; Chinese where English is missing.
    pub fn pick<'t>(self, zh: &'t str, en: &'t str) -> &'t str {
        match self.lang {
            Lang::En if !en.is_empty() => en,
            _ => zh,
        }
    }
}

/// Reads a catalog; nested tables become keys with dots.
fn read(name: &str, source: &str) -> Result<Catalog, String> {
    let table: toml::Table = source.parse().map_err(|error| format!("{name} cannot be read: {error}"))?;
    let mut catalog = Catalog::new();
    flatten(&mut catalog, "", &Value::Table(table)).map_err(|key| format!("{name}: {key} is not a text"))?;
    Ok(catalog)
}

fn flatten(catalog: &mut Catalog, path: &str, value: &Value) -> Result<(), String> {
    match value {
        Value::String(text) => {
            catalog.insert(path.to_owned(), text.clone());
            Ok(())
        }
        Value::Table(table) => table.iter().try_for_each(|(key, value)| {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            flatten(catalog, &path, value)
        }),
        _ => Err(path.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use super::*;

    fn catalogs() -> (&'static Catalog, &'static Catalog) {
        let (zh, en) = CATALOGS.as_ref().unwrap();
        (zh, en)
    }

    fn placeholders(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).map(|rest| rest.split_once('}').unwrap().0).collect()
    }

    fn is_han(c: char) -> bool {
        ('\u{3400}'..='\u{9FFF}').contains(&c)
    }

    fn files(folder: &str, extension: &str) -> Vec<(PathBuf, String)> {
        let mut found = Vec::new();
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|found| found == extension) {
                    let source = std::fs::read_to_string(&path).unwrap();
                    found.push((path, source));
                }
            }
        }
        assert!(!found.is_empty());
        found
    }

    #[test]
    fn both_languages_have_the_same_keys_and_placeholders() {
        let (zh, en) = catalogs();
        let keys = |catalog: &'static Catalog| catalog.keys().collect::<BTreeSet<_>>();
        assert_eq!(keys(zh), keys(en));
        for (key, text) in zh {
            assert_eq!(placeholders(text), placeholders(&en[key]), "{key}");
            assert!(!text.trim().is_empty() && !en[key].trim().is_empty(), "{key}");
            assert!(key == "language.other" || !en[key].chars().any(is_han), "{key} is not English");
        }
    }

    #[test]
    fn templates_hold_no_sentence_of_their_own() {
        for (path, source) in files("templates", "html") {
            assert!(!source.chars().any(is_han), "{} holds Chinese text", path.display());
            assert!(!source.contains("|safe"), "{} writes unescaped text", path.display());
            assert!(!source.contains("style=\""), "{} holds a style", path.display());
        }
    }

    /// Keys that stand as literals in templates and code.
    #[test]
    fn every_key_that_is_asked_for_is_there() {
        let (zh, _) = catalogs();
        let sources = files("templates", "html").into_iter().chain(files("src/pages", "rs"));
        let mut asked = 0;
        for (path, source) in sources {
            let source: String = source.split_whitespace().collect();
            for (call, suffix) in [
                ("t(\"", ""),
                (".get(\"", ""),
                (".with(\"", ""),
                (".count(\"", ".other"),
                ("count(\"", ".one"),
            ] {
                for (at, _) in source.match_indices(call) {
                    let rest = &source[at + call.len()..];
                    let key = rest.split('"').next().unwrap();
                    let before = source[..at].chars().next_back();
                    let is_call = !before.is_some_and(|c| c.is_alphanumeric() || c == '_');
                    let is_key = key.contains('.')
                        && key
                            .chars()
                            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._".contains(c));
                    if is_call && is_key {
                        asked += 1;
                        let key = format!("{key}{suffix}");
                        assert!(zh.contains_key(&key), "{}: {key}", path.display());
                    }
                }
            }
        }
        assert!(asked > 100, "only {asked} keys were found");
    }

    #[test]
    fn counts_and_fills() {
        let text = Text::of(Lang::En).unwrap();
        assert_eq!(text.count("days.working", 1), "1 working day");
        assert_eq!(text.count("days.working", 7), "7 working days");
        assert_eq!(text.get("no.such_key"), "no.such_key");
        assert_eq!(text.pick("zh", ""), "zh");
        assert_eq!(Text::of(Lang::Zh).unwrap().pick("zh", "en"), "zh");
    }
}
