//! The engagement index's settings: the table's defaults, and those that hang on other keys.

use std::time::Duration;

use super::Case;
use crate::config::index::IndexSettings;

/// The index's settings under these properties.
fn index(properties: &str) -> IndexSettings {
    Case::new(&format!("[properties]\n{properties}")).settings().index
}

#[test]
fn the_tables_defaults_are_the_indexs_own() {
    let mut expected = IndexSettings::default();
    // Our own hub believes calls of its own instance only.
    for instance in [&mut expected.notify.instance_id, &mut expected.notify.discovery.instance_id] {
        "dev_env".clone_into(instance);
    }
    assert_eq!(format!("{:?}", index("")), format!("{expected:?}"));
}

#[test]
fn ids_hang_together_until_they_are_set() {
    let settings = index("\"ei.hsa.id\" = \"EI\"\n\"vp.hsa.id\" = \"VP\"\n\"vp.instance.id\" = \"I\"");
    assert_eq!((settings.alternative_id.as_str(), settings.own_id.as_str()), ("EI", "EI"));
    assert_eq!(settings.reserved_ids, ["EI", "VP"]);
    let notify = settings.notify;
    assert_eq!((notify.sender_id.as_str(), notify.instance_id.as_str()), ("VP", "I"));
    assert_eq!((notify.discovery.logical_address.as_str(), notify.discovery.sender_id.as_str()), ("VP", "VP"));
    let set = index(
        "\"ei.alternative.hsa.id\" = \"OLD\"\n\"update-notification.not.allowed.hsaid.list\" = \"\"\n\
         \"getlogicaladdresses.logicalAddress\" = \"TAK\"\n\"processnotification.vpInstanceId\" = \"J\"",
    );
    assert_eq!((set.alternative_id.as_str(), set.reserved_ids.len()), ("OLD", 0));
    assert_eq!((set.notify.discovery.logical_address.as_str(), set.notify.instance_id.as_str()), ("TAK", "J"));
}

#[test]
fn outside_services_are_told_the_references_instance_until_one_is_named() {
    let outside = "\"processnotification.serviceEndpointUrl\" = \"http://h/pn\"";
    let notify = index(outside).notify;
    assert_eq!((notify.target.as_str(), notify.instance_id.as_str()), ("http://h/pn", "vp-instance-id"));
    assert_eq!(notify.discovery.instance_id, "dev_env", "that one is asked of our own catalogue");
    assert_eq!(index(&format!("{outside}\n\"vp.instance.id\" = \"I\"")).notify.instance_id, "I");
}

#[test]
fn notifications_inherit_the_brokers_redelivery_key_by_key() {
    let redelivery = index(
        "\"activemq.broker.maximum-redeliveries\" = \"2\"\n\"activemq.broker.redelivery-delay\" = \"7\"\n\
         \"activemq.broker.notification.redelivery-delay\" = \"9\"\n\
         \"activemq.broker.notification.use-exponential-backoff\" = \"true\"\n\
         \"activemq.broker.backoff-multiplier\" = \"1.5\"",
    );
    let redelivery = redelivery.notify.redelivery;
    assert_eq!((redelivery.attempts, redelivery.delay), (2, Duration::from_millis(9)));
    assert_eq!((redelivery.multiplier, redelivery.delay_max), (1.5, Duration::from_secs(600)));
    assert_eq!(index("\"activemq.broker.maximum-redeliveries\" = \"-1\"").notify.redelivery.attempts, u32::MAX);
}

#[test]
fn values_that_cannot_be_meant_are_refused_with_what_was_expected() {
    for (line, expected) in [
        ("\"update.collect.threshold\" = \"-1\"", "a whole number from 0 to 2147483647"),
        ("\"activemq.broker.backoff-multiplier\" = \"fast\"", "a number from 0 to 1000"),
        ("\"processnotification.serviceEndpointUrl\" = \"h/pn\"", "a URL such as \"http://127.0.0.1:8080/vp\""),
        ("\"collect.queue.completion.timeout\" = \"0\"", "a whole number of seconds from 1 to 86400"),
    ] {
        let problems = Case::new(&format!("[properties]\n{line}")).problems();
        assert_eq!(problems.len(), 1, "{line}: {problems:?}");
        assert!(problems[0].contains(expected), "{line}: {problems:?}");
    }
}
