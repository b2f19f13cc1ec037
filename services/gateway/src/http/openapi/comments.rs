//! The comments in the `.proto` files.

use prost_reflect::FileDescriptor;

/// The comment above what stands at `path` in `file`, or else the one behind it.
pub fn of(file: &FileDescriptor, path: &[i32]) -> Option<String> {
    let info = file.file_descriptor_proto().source_code_info.as_ref()?;
    let location = info.location.iter().find(|location| location.path == path)?;
    let comment = location.leading_comments.as_ref().or(location.trailing_comments.as_ref())?;
    let lines: Vec<&str> = comment.lines().map(str::trim).collect();
    let text = lines.join("\n").trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// The first sentence, on one line.
pub fn first_sentence(comment: &str) -> String {
    let line = comment.replace('\n', " ");
    match line.split_once(". ") {
        // An abbreviation such as "art." ends no sentence.
        Some((first, rest)) if rest.starts_with(char::is_uppercase) => format!("{first}."),
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_come_with_the_descriptors() {
        let service = yimen_proto::pool().get_service_by_name("yimen.intake.v1.Intake").unwrap();
        let method = service.methods().find(|method| method.name() == "GetItem").unwrap();
        let comment = of(&method.parent_file(), method.path()).unwrap();
        assert_eq!(comment, "The guide of an item (行政许可法 art. 30).");
        assert_eq!(first_sentence(&comment), comment);
        assert_eq!(first_sentence("Does it.\nThen rests. Well."), "Does it.");
    }
}
