//! Forms: fields with labels, hints and their faults, written the same way on every page.

use axum::extract::{Form as Urlencoded, FromRequest, Request};
use yimen_kernel::Reason;
use yimen_kernel::error::{Error, FieldError};

use super::Pages;
use super::text::Text;
use super::upload::{FILE, UPLOAD, UPLOAD_NAME};
use super::visitor::{Names, say};

/// What was typed, in the order of the form; a name may come several times.
#[derive(Clone, Default)]
pub struct Typed(pub Vec<(String, String)>);

impl Typed {
    /// The value under a name; empty if it was not sent.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value.as_str())
    }

    /// Every value under a name.
    pub fn all(&self, name: &str) -> Vec<String> {
        let found = self.0.iter().filter(|(found, _)| found == name);
        found.map(|(_, value)| value.clone()).collect()
    }

    /// Sets the value under a name.
    pub fn set(&mut self, name: String, value: String) {
        self.0.retain(|(found, _)| *found != name);
        self.0.push((name, value));
    }

    /// Forgets what is under a name.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(found, _)| found != name);
    }

    /// A number under a name; 0 if there is none.
    pub fn number(&self, name: &str) -> u32 {
        self.get(name).trim().parse().unwrap_or_default()
    }
}

impl FromRequest<Pages> for Typed {
    type Rejection = std::convert::Infallible;

    async fn from_request(request: Request, pages: &Pages) -> Result<Self, Self::Rejection> {
        let pairs = Urlencoded::<Vec<(String, String)>>::from_request(request, pages).await;
        // What is no form holds no value, and the page says which ones are missing.
        Ok(Self(pairs.map(|Urlencoded(pairs)| pairs).unwrap_or_default()))
    }
}

/// How a field is filled in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Control {
    #[default]
    Line,
    Secret,
    Number,
    Paragraph,
    Radio,
    Checks,
    Select,
    Day,
    Moment,
    File,
}

/// A field of a form.
#[derive(Clone, Debug, Default)]
pub struct Field {
    /// Its name in the request.
    pub name: String,
    /// Its place on the page; set by its form.
    pub id: String,
    /// What is asked.
    pub label: String,
    /// How to answer.
    pub hint: String,
    /// The language of label and hint, where it is not the page's.
    pub lang: &'static str,
    /// What was typed.
    pub value: String,
    /// What is wrong with it.
    pub error: String,
    /// Whether it must be filled in.
    pub required: bool,
    /// Whether that depends on what else is chosen; its hint says on what.
    pub depends: bool,
    /// What the browser may fill in.
    pub autocomplete: &'static str,
    /// The keyboard that a telephone shows.
    pub keyboard: &'static str,
    /// For radio buttons, check boxes and lists.
    pub choices: Vec<Choice>,
    /// A file that came earlier: the name that it had.
    pub kept: String,
    /// Whether it may be promised, and whether it is.
    pub promise: Option<bool>,
    /// How it is filled in.
    pub control: Control,
}

/// One of several.
#[derive(Clone, Debug)]
pub struct Choice {
    pub value: String,
    pub label: String,
    pub chosen: bool,
}

impl Field {
    /// A field of this name that asks this.
    pub fn new(control: Control, name: impl Into<String>, label: impl Into<String>) -> Self {
        Self { name: name.into(), label: label.into(), control, ..Self::default() }
    }

    /// A field for a file under this code, with the one that came earlier.
    pub fn file(code: &str, label: impl Into<String>, typed: &Typed) -> Self {
        let mut field = Self::new(Control::File, format!("{FILE}{code}"), label);
        field.keep_upload(typed);
        field
    }

    /// A file that came earlier stays.
    pub fn keep_upload(&mut self, typed: &Typed) {
        if let Some(code) = self.name.strip_prefix(FILE) {
            self.value = typed.get(&format!("{UPLOAD}{code}")).to_owned();
            self.kept = typed.get(&format!("{UPLOAD_NAME}{code}")).to_owned();
        }
    }

    /// It must be filled in.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// It must be filled in when something else is chosen, as this hint says.
    #[must_use]
    pub fn when(mut self, hint: impl Into<String>) -> Self {
        self.depends = true;
        self.hint(hint)
    }

    /// With a word on how to answer.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// With what was typed.
    #[must_use]
    pub fn typed(mut self, typed: &Typed) -> Self {
        self.value = typed.get(&self.name).to_owned();
        let chosen = typed.all(&self.name);
        for choice in &mut self.choices {
            choice.chosen = chosen.contains(&choice.value);
        }
        self
    }

    /// With something to choose from.
    #[must_use]
    pub fn choices(mut self, choices: impl IntoIterator<Item = (String, String)>) -> Self {
        let choice = |(value, label)| Choice { value, label, chosen: false };
        self.choices = choices.into_iter().map(choice).collect();
        self
    }

    /// With this to begin with, unless something else was typed.
    #[must_use]
    pub fn otherwise(mut self, value: impl Into<String>) -> Self {
        if self.value.is_empty() {
            self.value = value.into();
        }
        self
    }

    /// With what the browser knows of it.
    #[must_use]
    pub fn known_as(mut self, autocomplete: &'static str) -> Self {
        self.autocomplete = autocomplete;
        self
    }

    /// Its control, for the template.
    pub fn is(&self, control: &str) -> bool {
        control
            == match self.control {
                Control::Line => "line",
                Control::Secret => "secret",
                Control::Number => "number",
                Control::Paragraph => "paragraph",
                Control::Radio => "radio",
                Control::Checks => "checks",
                Control::Select => "select",
                Control::Day => "day",
                Control::Moment => "moment",
                Control::File => "file",
            }
    }

    /// The `type` of its `input`.
    pub fn input_type(&self) -> &'static str {
        match self.control {
            Control::Secret => "password",
            Control::Day => "date",
            Control::Moment => "datetime-local",
            Control::File => "file",
            _ => "text",
        }
    }

    /// The name of what belongs to a file: `upload.plan` beside `file.plan`.
    pub fn beside(&self, prefix: &str) -> String {
        let code = self.name.strip_prefix(FILE).unwrap_or(&self.name);
        format!("{prefix}{code}")
    }

    /// What describes it: its fault and its hint.
    pub fn described_by(&self) -> String {
        let part = |has: bool, what: &str| if has { format!("{}-{what}", self.id) } else { String::new() };
        let parts = [part(!self.hint.is_empty(), "hint"), part(!self.error.is_empty(), "error")];
        parts.join(" ").trim().to_owned()
    }

    /// Where a link to it leads: into the field itself, or to the first of its choices.
    pub fn anchor(&self) -> String {
        if self.choices.is_empty() || self.is("select") { self.id.clone() } else { format!("{}-1", self.id) }
    }
}

/// Fields that belong together.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// What they are about; may be empty.
    pub legend: String,
    /// A word before them; may be empty.
    pub intro: String,
    /// The fields.
    pub fields: Vec<Field>,
}

/// A form.
#[derive(Clone, Debug, Default)]
pub struct Form {
    /// Different for each form of a page.
    pub id: String,
    /// Where it is sent.
    pub action: String,
    /// Its heading; may be empty.
    pub title: String,
    /// A word before it; may be empty.
    pub intro: String,
    /// What is sent without being shown.
    pub hidden: Vec<(String, String)>,
    /// What is asked.
    pub groups: Vec<Group>,
    /// What its button says.
    pub submit: String,
    /// It carries files.
    pub multipart: bool,
    /// What it does cannot be undone.
    pub grave: bool,
    /// Why it was refused as a whole.
    pub refusal: String,
    /// It is open on the page, because it is the next thing to do or was just refused.
    pub open: bool,
}

/// A fault, with the way to its field.
pub struct Fault {
    pub anchor: String,
    pub label: String,
    pub message: String,
}

impl Form {
    /// A form that is sent to `action`.
    pub fn new(id: &str, action: impl Into<String>, submit: impl Into<String>) -> Self {
        Self { id: id.to_owned(), action: action.into(), submit: submit.into(), ..Self::default() }
    }

    /// With a heading.
    #[must_use]
    pub fn titled(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// With a word before the fields.
    #[must_use]
    pub fn intro(mut self, intro: impl Into<String>) -> Self {
        self.intro = intro.into();
        self
    }

    /// With what is sent without being shown.
    #[must_use]
    pub fn hidden(mut self, name: &str, value: impl Into<String>) -> Self {
        self.hidden.push((name.to_owned(), value.into()));
        self
    }

    /// With fields that belong together.
    #[must_use]
    pub fn group(mut self, legend: impl Into<String>, fields: Vec<Field>) -> Self {
        let id = |mut field: Field| {
            field.id = format!("{}-{}", self.id, field.name);
            field
        };
        let fields = fields.into_iter().map(id).collect();
        self.groups.push(Group { legend: legend.into(), intro: String::new(), fields });
        self
    }

    /// With a word before the last group.
    #[must_use]
    pub fn group_intro(mut self, intro: impl Into<String>) -> Self {
        if let Some(group) = self.groups.last_mut() {
            group.intro = intro.into();
        }
        self
    }

    /// Open on the page.
    #[must_use]
    pub fn open(mut self, open: bool) -> Self {
        self.open = open;
        self
    }

    /// What it does cannot be undone.
    #[must_use]
    pub fn grave(mut self) -> Self {
        self.grave = true;
        self
    }

    /// Its fields.
    pub fn fields_mut(&mut self) -> impl Iterator<Item = &mut Field> {
        self.groups.iter_mut().flat_map(|group| group.fields.iter_mut())
    }

    /// Puts back what was typed.
    pub fn refill(&mut self, typed: &Typed) {
        for group in &mut self.groups {
            group.fields = group.fields.drain(..).map(|field| field.typed(typed)).collect();
        }
    }

    /// Shows a refusal: at its fields, by their name in the form, and as a whole where it has none.
    pub fn refuse(
        &mut self,
        error: &Error,
        text: Text,
        names: &Names,
        place: impl Fn(&FieldError) -> String,
    ) {
        self.open = true;
        let mut elsewhere = None;
        for fault in error.fields() {
            let name = place(fault);
            let message = fault.message(text.lang());
            match self.fields_mut().find(|field| field.name == name) {
                Some(field) if field.error.is_empty() => field.error = message,
                Some(_) => {}
                None => elsewhere = Some(message),
            }
        }
        self.refusal = elsewhere.unwrap_or_default();
        if error.reason() != Reason::InvalidRequest || error.fields().is_empty() {
            self.refusal = say(error, text, names);
        }
    }

    /// Every fault, in the order of the fields.
    pub fn faults(&self) -> Vec<Fault> {
        let fields = self.groups.iter().flat_map(|group| &group.fields);
        let fault = |field: &Field| Fault {
            anchor: field.anchor(),
            label: field.label.clone(),
            message: field.error.clone(),
        };
        fields.filter(|field| !field.error.is_empty()).map(fault).collect()
    }

    /// Whether anything is wrong.
    pub fn is_faulty(&self) -> bool {
        !self.refusal.is_empty() || !self.faults().is_empty()
    }
}

/// The name in the form of a fault whose field has the same name, but for places in lists:
/// `departments[2]` is at `departments`.
pub fn same_name(fault: &FieldError) -> String {
    fault.field.split('[').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use yimen_kernel::Lang;

    #[test]
    fn faults_find_their_fields() {
        let field = |name: &str| Field::new(Control::Line, name, name.to_uppercase());
        let mut form = Form::new("f", "/x", "Send").group("", vec![field("name"), field("departments")]);
        let error = Error::invalid(vec![
            FieldError::new("departments[2]", Reason::UnknownDepartment),
            FieldError::new("departments[3]", Reason::Duplicate),
            FieldError::new("elsewhere", Reason::Required),
        ]);
        let text = Text::of(Lang::En).unwrap();
        form.refuse(&error, text, &Names::default(), same_name);
        let faults = form.faults();
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].anchor, "f-departments");
        assert_eq!(faults[0].message, Reason::UnknownDepartment.text(Lang::En));
        assert_eq!(form.refusal, Reason::Required.text(Lang::En));
        assert!(form.open && form.is_faulty());
    }

    #[test]
    fn what_was_typed_is_kept() {
        let typed = Typed(vec![("a".into(), "1".into()), ("a".into(), "2".into()), ("b".into(), "x".into())]);
        let choices = ["1", "2", "3"].map(|value| (value.to_owned(), value.to_owned()));
        let field = Field::new(Control::Checks, "a", "A").choices(choices).typed(&typed);
        assert_eq!(field.choices.iter().map(|c| c.chosen).collect::<Vec<_>>(), [true, true, false]);
        assert_eq!(Field::new(Control::Line, "b", "B").typed(&typed).otherwise("y").value, "x");
    }
}
