//! Statements 1 to 13: files and matching.

use serde_json::json;

use crate::support::client::Ask;

use super::{Statement, diagnosis, holds, same};

pub const FILES: &[(&str, &str)] = &[
    ("many/producer.toml", "answers = [\"mapping\"]\n"),
    (
        "plain/mappings/a.json",
        r#"{"mappings": [
        {"id": "76ada7b0-55ae-4229-91c4-396a36f18347", "priority": 5, "somethingNew": 1,
         "request": {"method": "ANY", "urlPattern": "/thing/.*", "queryParameters": {"q": {"contains": "x"}},
                     "headers": {"Accept": {"matches": ".*xml.*"}}},
         "response": {"status": 201, "statusMessage": "Made", "body": "thing", "headers": {"Set-Cookie": ["a=1", "b=2"]}}},
        {"priority": 1, "request": {"urlPath": "/rank"}, "response": {"body": "urgent"}},
        {"priority": 5, "request": {"urlPath": "/rank"}, "response": {"body": "usual"}},
        {"request": {"urlPath": "/same"}, "response": {"body": "first"}},
        {"request": {"urlPath": "/same"}, "response": {"body": "second"}},
        {"request": {"urlPath": "/path"}, "response": {"body": "path"}},
        {"request": {"url": "/whole?a=1"}, "response": {"body": "whole"}},
        {"request": {"urlPath": "/case", "headers": {"X-ONE": {"equalTo": "One"}}}, "response": {"body": "case"}},
        {"request": {"urlPath": "/nocase", "headers": {"x-one": {"equalTo": "ONE", "caseInsensitive": true}}}, "response": {"body": "nocase"}},
        {"request": {"urlPathTemplate": "/contacts/{id}", "pathParameters": {"id": {"equalTo": "a b"}}}, "response": {"body": "contact"}},
        {"request": {"urlPath": "/custom", "customMatcher": {"name": "own"}}, "id": "custom-1", "response": {"body": "custom"}},
        {"request": {"urlPath": "/json", "bodyPatterns": [{"equalToJson": "{\"a\": 1}", "ignoreExtraElements": true}]}, "response": {"jsonBody": {"ok": true}}},
        {"request": {"urlPath": "/jsonpath", "bodyPatterns": [{"matchesJsonPath": {"expression": "$.a.b", "equalTo": "c"}}]}, "response": {"body": "jsonpath"}}
    ]}"#,
    ),
    (
        "xml/mappings/a.json",
        r#"{"mappings": [
        {"request": {"urlPath": "/equal", "bodyPatterns": [{"equalToXml": "<a:x xmlns:a='urn:1'><a:y p='1' q='2'>t</a:y><a:z/></a:x>"}]}, "response": {"body": "equal"}},
        {"request": {"urlPath": "/ignore", "bodyPatterns": [{"equalToXml": "<x><y>${xmlunit.ignore}</y><z>1</z></x>", "enablePlaceholders": true}]}, "response": {"body": "ignore"}},
        {"request": {"urlPath": "/xpath", "bodyPatterns": [{"matchesXPath": "//p:y[@k='1']", "xPathNamespaces": {"p": "urn:1"}}]}, "response": {"body": "xpath"}},
        {"request": {"urlPath": "/value", "bodyPatterns": [{"matchesXPath": {"expression": "//y/text()", "contains": "bc"}}]}, "response": {"body": "value"}}
    ]}"#,
    ),
    (
        "riv/mappings/a.json",
        r#"{"mappings": [
        {"priority": 1, "request": {"riv": {"contract": "GetDiagnosis:2", "patient": "191212121212"}}, "response": {"body": "tolvan"}},
        {"priority": 2, "request": {"riv": {"contract": "GetDiagnosis:2", "originalConsumer": {"absent": true}, "patient": "191001219805"}}, "response": {"body": "direct"}},
        {"priority": 9, "request": {}, "response": {"body": "other"}}
    ]}"#,
    ),
    (
        "unbound/mappings/a.json",
        r#"{"request": {"bodyPatterns": [{"matchesXPath": "//z:y", "xPathNamespaces": {"p": "urn:1"}}]}, "response": {}}"#,
    ),
    ("changing/mappings/a.json", r#"{"request": {}, "response": {"body": "before"}}"#),
];

pub const ROWS: &[Statement] = &[
    Statement {
        number: 1,
        what: "a mapping with every kind of field loads, and an unknown field does no harm",
        check: |desk| {
            Box::pin(async {
                let ask = Ask::get("/thing/1?q=axb").header("accept", "text/xml");
                let answer = desk.call("plain", ask).await;
                same("status", answer.status, 201)?;
                same("text", answer.text(), "thing".to_owned())?;
                let json = desk.call("plain", Ask::post(r#"{"b": 2, "a": 1}"#).at("/json")).await;
                same("json", json.text(), r#"{"ok": true}"#.to_owned())?;
                let path = desk.call("plain", Ask::post(r#"{"a": {"b": "c"}}"#).at("/jsonpath")).await;
                same("jsonpath", path.text(), "jsonpath".to_owned())?;
                let template = desk.call("plain", Ask::get("/contacts/a%20b")).await;
                same("template", template.text(), "contact".to_owned())
            })
        },
    },
    Statement {
        number: 2,
        what: "priority 1 beats 5, and of equals the one added last wins",
        check: |desk| {
            Box::pin(async {
                same("rank", desk.call("plain", Ask::get("/rank")).await.text(), "urgent".to_owned())?;
                same("same", desk.call("plain", Ask::get("/same")).await.text(), "second".to_owned())
            })
        },
    },
    Statement {
        number: 3,
        what: "urlPath ignores the query, url does not",
        check: |desk| {
            Box::pin(async {
                same("path", desk.call("plain", Ask::get("/path?a=1")).await.text(), "path".to_owned())?;
                same("whole", desk.call("plain", Ask::get("/whole?a=1")).await.text(), "whole".to_owned())?;
                same("other", desk.call("plain", Ask::get("/whole?a=2")).await.status, 500)
            })
        },
    },
    Statement {
        number: 4,
        what: "the case of a header's name never matters, that of its value does unless it is said not to",
        check: |desk| {
            Box::pin(async {
                let ask = |path: &str, value: &str| Ask::get(path).header("x-OnE", value);
                same("same", desk.call("plain", ask("/case", "One")).await.status, 200)?;
                same("other", desk.call("plain", ask("/case", "one")).await.status, 500)?;
                same("ignored", desk.call("plain", ask("/nocase", "one")).await.status, 200)
            })
        },
    },
    Statement {
        number: 5,
        what: "equalToXml holds across prefixes, default namespaces, empty tags, attribute order and white space",
        check: |desk| {
            Box::pin(async {
                let equal = [
                    "<x xmlns='urn:1'>\n  <y q='2' p='1'>t</y>\n <z></z></x>",
                    "<b:x xmlns:b='urn:1'><!-- c --><b:z/><b:y p=\"1\" q=\"2\"><![CDATA[t]]></b:y></b:x>",
                ];
                for body in equal {
                    same(body, desk.call("xml", Ask::post(body).at("/equal")).await.status, 200)?;
                }
                let other =
                    ["<x xmlns='urn:2'><y p='1' q='2'>t</y><z/></x>", "<x xmlns='urn:1'><y p='1'>t</y><z/></x>"];
                for body in other {
                    same(body, desk.call("xml", Ask::post(body).at("/equal")).await.status, 500)?;
                }
                Ok(())
            })
        },
    },
    Statement {
        number: 6,
        what: "${xmlunit.ignore} skips one value",
        check: |desk| {
            Box::pin(async {
                let ask = |body: &str| Ask::post(body).at("/ignore");
                same("skipped", desk.call("xml", ask("<x><y>anything</y><z>1</z></x>")).await.status, 200)?;
                same("kept", desk.call("xml", ask("<x><y>anything</y><z>2</z></x>")).await.status, 500)
            })
        },
    },
    Statement {
        number: 7,
        what: "matchesXPath selects by bound prefixes, and an unbound one is an error when the file is loaded",
        check: |desk| {
            Box::pin(async {
                let ask = |body: &str| Ask::post(body).at("/xpath");
                same("bound", desk.call("xml", ask("<x xmlns='urn:1'><y k='1'/></x>")).await.status, 200)?;
                same("other", desk.call("xml", ask("<x xmlns='urn:2'><y k='1'/></x>")).await.status, 500)?;
                same("value", desk.call("xml", Ask::post("<x><y>abcd</y></x>").at("/value")).await.status, 200)?;
                let problem = desk.world.problems.iter().find(|one| one.file.to_string_lossy().contains("unbound"));
                let text = problem.map(ToString::to_string).unwrap_or_default();
                holds(&text, text.contains("a.json:1") && text.contains("the prefix \"z\" is not in xPathNamespaces"))
            })
        },
    },
    Statement {
        number: 8,
        what: "riv.contract holds whatever prefix the consumer used",
        check: |desk| {
            Box::pin(async {
                for prefix in ["q:", "a:", ""] {
                    let declared =
                        if prefix.is_empty() { "xmlns=".to_owned() } else { format!("xmlns:{}=", &prefix[..1]) };
                    let body = diagnosis("191212121212").replace("q:", prefix).replace("xmlns:q=", &declared);
                    same(&body, desk.call("riv", Ask::post(body.clone())).await.text(), "tolvan".to_owned())?;
                }
                Ok(())
            })
        },
    },
    Statement {
        number: 9,
        what: "riv.patient holds with and without hyphen",
        check: |desk| {
            Box::pin(async {
                same("plain", desk.ask("riv", "191212121212").await.1, "tolvan".to_owned())?;
                same("hyphen", desk.ask("riv", "19121212-1212").await.1, "tolvan".to_owned())
            })
        },
    },
    Statement {
        number: 10,
        what: "an original consumer that is there and empty is not absent",
        check: |desk| {
            Box::pin(async {
                same("absent", desk.ask("riv", "191001219805").await.1, "direct".to_owned())?;
                let ask = Ask::post(diagnosis("191001219805")).header("x-rivta-original-serviceconsumer-hsaid", "");
                same("empty", desk.call("riv", ask).await.text(), "other".to_owned())
            })
        },
    },
    Statement {
        number: 11,
        what: "a stub with a matcher of somebody's own never serves and says why",
        check: |desk| {
            Box::pin(async {
                same("served", desk.call("plain", Ask::get("/custom")).await.status, 500)?;
                let (status, stub) = desk.admin("GET", "/__admin/mappings/custom-1?system=plain", None).await;
                same("status", status, 200)?;
                let why = stub["inactive"].as_str().unwrap_or_default();
                holds(why, why.contains("customMatcher"))
            })
        },
    },
    Statement {
        number: 12,
        what: "ten thousand stubs that look into the body read it once for each request",
        check: |desk| {
            Box::pin(async {
                let stub = |n: u32| {
                    let path = format!("//*[local-name()='id'][.='nobody-{n}']");
                    json!({"id": format!("many-{n}"), "request": {"bodyPatterns": [{"matchesXPath": path}]}, "response": {"body": "no"}})
                };
                let stubs: Vec<_> = (0..10_000).map(stub).collect();
                let import = json!({"mappings": stubs});
                same("import", desk.admin("POST", "/__admin/mappings/import?system=many", Some(import)).await.0, 200)?;
                let effort = || async {
                    let told = desk.admin("GET", "/api/v1/producers", None).await.1;
                    let many = told["systems"].as_array().into_iter().flatten().find(|system| system["name"] == "many");
                    many.map(|many| (many["mappings"].clone(), many["calls"].clone(), many["bodiesParsed"].clone()))
                };
                same("before", effort().await, Some((json!(10_000), json!(0), json!(0))))?;
                for calls in 1..=3 {
                    same("a miss", desk.ask("many", "191212121212").await.0, 500)?;
                    same("after", effort().await, Some((json!(10_000), json!(calls), json!(calls))))?;
                }
                same("cleared", desk.admin("POST", "/__admin/mappings/reset?system=many", None).await.0, 200)
            })
        },
    },
    Statement {
        number: 13,
        what: "a changed file is live within a second, and a broken one keeps the old and is named",
        check: |desk| {
            Box::pin(async {
                let file = "producers/changing/mappings/a.json";
                same("before", desk.ask("changing", "1").await.1, "before".to_owned())?;
                desk.world.rewrite(file, r#"{"request": {}, "response": {"body": "after, and longer"}}"#);
                let changed = async {
                    while desk.ask("changing", "1").await.1 == "before" {
                        tokio::task::yield_now().await;
                    }
                };
                tokio::time::timeout(std::time::Duration::from_secs(5), changed)
                    .await
                    .map_err(|_| "it never changed")?;
                desk.world.rewrite(file, "{\n\"request\": {},\n");
                let named = async {
                    loop {
                        let (_, problems) = desk.admin("GET", "/api/v1/producers/problems", None).await;
                        if problems.to_string().contains("changing") {
                            return problems;
                        }
                    }
                };
                let problems = tokio::time::timeout(std::time::Duration::from_secs(5), named).await;
                let problems = problems.map_err(|_| "the file is not named")?;
                holds(&problems.to_string(), problems.to_string().contains("not JSON"))?;
                same("kept", desk.ask("changing", "1").await.1, "after, and longer".to_owned())
            })
        },
    },
];
