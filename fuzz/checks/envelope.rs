//! The scan of an envelope's head never panics, and never reads past what it says it read.

pub(super) fn check(input: &[u8]) {
    if let Ok(head) = anslut::soap::envelope::scan(input) {
        assert!(head.read_bytes <= input.len());
        // What stands behind the head plays no part in it.
        let again = anslut::soap::envelope::scan(&input[..head.read_bytes]);
        if head.operation.is_some() {
            assert_eq!(again.as_ref().map(|again| &again.receiver), Ok(&head.receiver));
        }
    }
}
