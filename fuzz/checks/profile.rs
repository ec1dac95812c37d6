//! A message that was converted is well-formed, and converting it back and forth again changes nothing more.

use anslut::domain::profile::Profile::{Rivtabp20, Rivtabp21};
use anslut::hub::call::profile::convert;
use anslut::soap::xml::reader;

pub(super) fn check(input: &[u8]) {
    if let Ok(there) = convert(input, Rivtabp20, Rivtabp21) {
        reader::check(&there).expect("a converted message is well-formed");
        let back = convert(&there, Rivtabp21, Rivtabp20).expect("a well-formed message converts");
        let there_again = convert(&back, Rivtabp20, Rivtabp21).expect("a well-formed message converts");
        let back_again = convert(&there_again, Rivtabp21, Rivtabp20).expect("a well-formed message converts");
        assert_eq!(back, back_again);
    }
}
