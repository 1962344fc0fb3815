//! The document as a page: plain HTML, no script. What it shows is all from the document.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::Document;
use super::schemas::referred;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
const TEAM: &str = "team spaces";

/// One operation with where it is.
struct Shown<'a> {
    path: &'a str,
    method: &'static str,
    operation: &'a Value,
}

/// The page of a document.
pub(super) fn of(document: &Document) -> String {
    let document = document.value();
    let groups = groups(document);
    let mut page = Page(String::with_capacity(512 * 1024));
    page.head(document, &groups);
    for (tag, operations) in &groups {
        page.group(document, tag, operations);
    }
    page.schemas(&document["components"]["schemas"]);
    page.raw("</main></div></body></html>\n");
    page.0
}

/// Operations by their tag; those of team spaces are told with their twins.
fn groups(document: &Value) -> BTreeMap<&str, Vec<Shown<'_>>> {
    let mut groups: BTreeMap<&str, Vec<Shown<'_>>> = BTreeMap::new();
    for (path, operations) in document["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            let Some(operation) = operations.get(method) else { continue };
            let tag = operation["tags"][0].as_str().unwrap_or_default();
            if tag != TEAM {
                groups.entry(tag).or_default().push(Shown { path, method, operation });
            }
        }
    }
    groups
}

struct Page(String);

impl Page {
    fn raw(&mut self, html: &str) {
        self.0.push_str(html);
    }

    fn text(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '&' => self.raw("&amp;"),
                '<' => self.raw("&lt;"),
                '>' => self.raw("&gt;"),
                '"' => self.raw("&quot;"),
                other => self.0.push(other),
            }
        }
    }

    /// A sentence of a comment: what stands between backticks is code.
    fn prose(&mut self, text: &str) {
        for (at, part) in text.split('`').enumerate() {
            if at % 2 == 1 {
                self.element("code", part);
            } else {
                self.text(part);
            }
        }
    }

    fn element(&mut self, name: &str, text: &str) {
        self.tag(format_args!("<{name}>"));
        self.text(text);
        self.tag(format_args!("</{name}>"));
    }

    fn tag(&mut self, html: std::fmt::Arguments<'_>) {
        self.0.write_fmt(html).expect("a String takes everything");
    }

    fn head(&mut self, document: &Value, groups: &BTreeMap<&str, Vec<Shown<'_>>>) {
        self.raw(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <meta name=\"color-scheme\" content=\"light dark\"><title>API of aster_drive</title>\
             <link rel=\"stylesheet\" href=\"/api/docs/style.css\"></head><body><header><h1>API of aster_drive ",
        );
        self.element("small", document["info"]["version"].as_str().unwrap_or_default());
        self.raw("</h1>");
        for paragraph in document["info"]["description"].as_str().unwrap_or_default().split("\n\n") {
            self.raw("<p>");
            self.prose(paragraph);
            self.raw("</p>");
        }
        self.raw(
            "<p>The same for programs: <a href=\"/api/v1/openapi.json\">/api/v1/openapi.json</a>, an OpenAPI 3.1 \
             document.</p></header><div class=\"columns\"><nav aria-label=\"Parts\"><ul>",
        );
        for tag in groups.keys() {
            self.tag(format_args!("<li><a href=\"#{}\">", anchor(tag)));
            self.text(&title(tag));
            self.raw("</a></li>");
        }
        self.raw("<li><a href=\"#schemas\">Schemas</a></li></ul></nav><main>");
    }

    fn group(&mut self, document: &Value, tag: &str, operations: &[Shown<'_>]) {
        self.tag(format_args!("<section><h2 id=\"{}\">", anchor(tag)));
        self.text(&title(tag));
        self.raw("</h2>");
        for shown in operations {
            self.operation(document, shown);
        }
        self.raw("</section>");
    }

    fn operation(&mut self, document: &Value, Shown { path, method, operation }: &Shown<'_>) {
        let id = operation["operationId"].as_str().unwrap_or_default();
        self.tag(format_args!(
            "<details id=\"{id}\"><summary><b class=\"{method}\">{}</b> <code>",
            method.to_uppercase()
        ));
        self.breakable(path);
        self.raw("</code> <span class=\"what\">");
        self.prose(operation["summary"].as_str().unwrap_or_default());
        self.raw("</span> <span class=\"who\">");
        self.text(who(operation["x-access"].as_str().unwrap_or_default()));
        self.raw("</span></summary>");
        let twin = path.replacen("/api/v1/", "/api/v1/teams/{team_id}/", 1);
        if document["paths"][&twin][*method]["tags"][0] == TEAM {
            self.raw("<p>For the space of a team: <code>");
            self.breakable(&twin);
            self.raw("</code></p>");
        }
        self.parameters(&operation["parameters"]);
        self.body(&operation["requestBody"]);
        self.replies(document, &operation["responses"]);
        self.raw("</details>");
    }

    /// A path that may be broken behind its slashes.
    fn breakable(&mut self, path: &str) {
        for (at, part) in path.split('/').enumerate() {
            if at > 0 {
                self.raw("/<wbr>");
            }
            self.text(part);
        }
    }

    fn parameters(&mut self, parameters: &Value) {
        let Some(parameters) = parameters.as_array() else { return };
        self.raw("<h3>Parameters</h3>");
        let rows = parameters.iter().map(|parameter| Row {
            name: parameter["name"].as_str().unwrap_or_default(),
            place: parameter["in"].as_str(),
            required: parameter["required"] == true,
            schema: &parameter["schema"],
            meaning: parameter["description"].as_str().unwrap_or_default(),
        });
        self.table(rows);
    }

    fn body(&mut self, body: &Value) {
        let Some(content) = body["content"].as_object() else { return };
        self.raw(if body["required"] == true { "<h3>Body</h3>" } else { "<h3>Body, may be left out</h3>" });
        for (media, described) in content {
            self.raw("<p>");
            self.element("code", media);
            if described.get("schema").is_some() {
                self.raw(": ");
                self.kind(&described["schema"]);
            }
            self.raw("</p>");
        }
    }

    fn replies(&mut self, document: &Value, replies: &Value) {
        self.raw("<h3>Answers</h3><dl>");
        for (status, reply) in replies.as_object().into_iter().flatten() {
            let shared = reply["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
            let described = shared.map_or(reply, |name| &document["components"]["responses"][name]);
            self.element("dt", if status == "default" { "other" } else { status });
            self.raw("<dd>");
            self.prose(described["description"].as_str().unwrap_or_default());
            if shared.is_none() {
                for (media, content) in reply["content"].as_object().into_iter().flatten() {
                    self.raw(" ");
                    let data = &content["schema"]["properties"]["data"];
                    if data.is_null() {
                        self.element("code", media);
                    } else {
                        self.raw("<code>data</code>: ");
                        self.kind(data);
                    }
                }
            }
            self.raw("</dd>");
        }
        self.raw("</dl>");
    }

    fn schemas(&mut self, schemas: &Value) {
        self.raw("<section><h2 id=\"schemas\">Schemas</h2>");
        for (name, schema) in schemas.as_object().into_iter().flatten() {
            self.tag(format_args!("<article id=\"schema-{name}\"><h3>{name}</h3>"));
            if let Some(meaning) = schema["description"].as_str() {
                self.raw("<p>");
                self.prose(meaning);
                self.raw("</p>");
            }
            if schema["properties"].is_object() {
                self.members(schema);
            } else {
                self.raw("<p>");
                self.kind(schema);
                self.raw("</p>");
            }
            self.raw("</article>");
        }
        self.raw("</section>");
    }

    fn members(&mut self, schema: &Value) {
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let rows = schema["properties"].as_object().into_iter().flatten().map(|(name, member)| Row {
            name,
            place: None,
            required: required.contains(&name.as_str()),
            schema: member,
            meaning: member["description"].as_str().unwrap_or_default(),
        });
        self.table(rows);
    }

    fn table<'a>(&mut self, rows: impl Iterator<Item = Row<'a>>) {
        self.raw("<table><tbody>");
        for row in rows {
            self.raw("<tr><th scope=\"row\">");
            self.element("code", row.name);
            self.raw("</th><td>");
            if let Some(place) = row.place {
                self.text(place);
                self.raw(", ");
            }
            self.kind(row.schema);
            if !row.required {
                self.raw(", optional");
            }
            if !row.meaning.is_empty() {
                self.raw("<br>");
                self.prose(row.meaning);
            }
            self.raw("</td></tr>");
        }
        self.raw("</tbody></table>");
    }

    /// What kind of value a schema takes.
    fn kind(&mut self, schema: &Value) {
        if let Some(name) = schema["$ref"].as_str().and_then(referred) {
            self.tag(format_args!("<a href=\"#schema-{name}\">{name}</a>"));
        } else if let Some(value) = schema.get("const") {
            self.element("code", &value.to_string());
        } else if let Some(values) = schema["enum"].as_array() {
            self.alternatives(values, |page, value| page.element("code", &value.to_string()));
        } else if let Some(schemas) = ["anyOf", "oneOf"].iter().find_map(|word| schema[*word].as_array()) {
            self.alternatives(schemas, Self::kind);
        } else if schema["type"] == "array" {
            self.raw("list of ");
            self.kind(&schema["items"]);
        } else if schema["type"] == "object" {
            self.object(schema);
        } else if let Some(types) = schema["type"].as_array() {
            self.alternatives(types, |page, kind| page.text(kind.as_str().unwrap_or_default()));
            self.format(schema);
        } else {
            self.text(schema["type"].as_str().unwrap_or("any value"));
            self.format(schema);
        }
    }

    fn object(&mut self, schema: &Value) {
        let Some(members) = schema["properties"].as_object() else {
            self.raw("object");
            return;
        };
        self.raw("{ ");
        for (at, (name, member)) in members.iter().enumerate() {
            self.raw(if at > 0 { ", " } else { "" });
            self.element("code", name);
            self.raw(": ");
            self.kind(member);
        }
        self.raw(" }");
    }

    fn alternatives(&mut self, values: &[Value], each: impl Fn(&mut Self, &Value)) {
        for (at, value) in values.iter().enumerate() {
            self.raw(if at > 0 { " or " } else { "" });
            each(self, value);
        }
    }

    fn format(&mut self, schema: &Value) {
        if let Some(format) = schema["format"].as_str() {
            self.raw(" (");
            self.text(format);
            self.raw(")");
        }
    }
}

struct Row<'a> {
    name: &'a str,
    place: Option<&'a str>,
    required: bool,
    schema: &'a Value,
    meaning: &'a str,
}

fn anchor(tag: &str) -> String {
    tag.replace(' ', "-")
}

fn title(tag: &str) -> String {
    let mut letters = tag.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn who(access: &str) -> &'static str {
    match access {
        "admin" => "administrators",
        "login" => "users, no API tokens",
        "user" => "users",
        _ => "everybody",
    }
}
