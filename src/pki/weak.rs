//! An RSA key of 1024 bits, which nobody should take any more: for a producer that shows one (`producers.md` §7.4).
//!
//! The TLS library neither makes such keys nor signs with them, so both are done here, with plain arithmetic: slow, open to
//! whoever measures its time, and good for nothing but being refused.

use num_bigint::BigUint;
use rcgen::{PKCS_RSA_SHA256, PublicKeyData, SignatureAlgorithm};
use rustls::crypto::ring::default_provider;
use sha2::{Digest, Sha256};

/// Length of the key's number, in bytes.
pub const KEY_BYTES: usize = 128;
/// The public exponent that everybody uses.
const EXPONENT: u32 = 65_537;
/// Candidates are divided by all numbers up to this before the long test.
const SMALL_MAX: u32 = 2_000;
/// Rounds of the long test: a composite passes one of them in four at most.
const ROUNDS: usize = 24;
/// What stands before a SHA-256 digest in a signature of PKCS#1 1.5: its algorithm, in DER.
const SHA256_PREFIX: [u8; 19] =
    [0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20];
/// Length of a SHA-256 digest, in bytes.
const HASH_BYTES: usize = 32;

/// The key.
pub struct WeakKey {
    modulus: BigUint,
    private: BigUint,
    /// `RSAPublicKey` in DER.
    public: Vec<u8>,
}

impl std::fmt::Debug for WeakKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WeakKey").field("bits", &self.modulus.bits()).finish_non_exhaustive()
    }
}

impl WeakKey {
    /// Makes one; `None` where the operating system gives no randomness.
    pub fn generate() -> Option<Self> {
        let exponent = BigUint::from(EXPONENT);
        loop {
            let (p, q) = (prime()?, prime()?);
            let order = (&p - 1_u32) * (&q - 1_u32);
            // One in tens of thousands has no inverse: another one has.
            let Some(private) = exponent.modinv(&order) else { continue };
            let modulus = p * q;
            let public = sequence(&[integer(&modulus), integer(&exponent)].concat());
            return Some(Self { modulus, private, public });
        }
    }

    /// Signs as PKCS#1 1.5 has it, with SHA-256.
    pub fn sign_pkcs1(&self, message: &[u8]) -> Vec<u8> {
        let digest = Sha256::digest(message);
        let mut block = vec![0xff; KEY_BYTES];
        (block[0], block[1]) = (0, 1);
        let tail = KEY_BYTES - HASH_BYTES - SHA256_PREFIX.len();
        block[tail - 1] = 0;
        block[tail..tail + SHA256_PREFIX.len()].copy_from_slice(&SHA256_PREFIX);
        block[KEY_BYTES - HASH_BYTES..].copy_from_slice(&digest);
        self.raised(&block)
    }

    /// Signs as PSS has it (RFC 8017 §9.1.1), with SHA-256 and as much salt; `None` where there is no randomness.
    pub fn sign_pss(&self, message: &[u8]) -> Option<Vec<u8>> {
        let salt: [u8; HASH_BYTES] = random()?;
        let digest = Sha256::digest(message);
        let seed = Sha256::new().chain_update([0; 8]).chain_update(digest).chain_update(salt).finalize();
        let masked = KEY_BYTES - HASH_BYTES - 1;
        let mut block = vec![0; masked];
        block[masked - HASH_BYTES - 1] = 1;
        block[masked - HASH_BYTES..].copy_from_slice(&salt);
        for (place, piece) in (0_u32..).zip(block.chunks_mut(HASH_BYTES)) {
            let mask = Sha256::new().chain_update(seed).chain_update(place.to_be_bytes()).finalize();
            piece.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
        }
        // The block is a bit shorter than the number, so that it is the smaller one.
        block[0] &= 0x7f;
        block.extend_from_slice(&seed);
        block.push(0xbc);
        Some(self.raised(&block))
    }

    fn raised(&self, block: &[u8]) -> Vec<u8> {
        padded(&BigUint::from_bytes_be(block).modpow(&self.private, &self.modulus))
    }
}

impl PublicKeyData for WeakKey {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_RSA_SHA256
    }
}

fn random<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    default_provider().secure_random.fill(&mut bytes).ok()?;
    Some(bytes)
}

/// A prime of half the key's length, with its two highest bits set, so that two of them give the whole length.
fn prime() -> Option<BigUint> {
    loop {
        let mut bytes: [u8; KEY_BYTES / 2] = random()?;
        bytes[0] |= 0xc0;
        bytes[KEY_BYTES / 2 - 1] |= 1;
        let candidate = BigUint::from_bytes_be(&bytes);
        let has_small_factor = (3..SMALL_MAX).step_by(2).any(|small| &candidate % small == BigUint::ZERO);
        if !has_small_factor && is_probably_prime(&candidate)? {
            return Some(candidate);
        }
    }
}

/// The test of Miller and Rabin.
fn is_probably_prime(candidate: &BigUint) -> Option<bool> {
    let (one, two) = (BigUint::from(1_u32), BigUint::from(2_u32));
    let last = candidate - 1_u32;
    let halvings = last.trailing_zeros().unwrap_or_default();
    let odd = &last >> halvings;
    for _ in 0..ROUNDS {
        // Shorter than the candidate, and neither 0 nor 1.
        let base = BigUint::from_bytes_be(&random::<{ KEY_BYTES / 2 - 1 }>()?) + &two;
        let mut power = base.modpow(&odd, candidate);
        if power == one || power == last {
            continue;
        }
        let mut passes = false;
        for _ in 1..halvings {
            power = power.modpow(&two, candidate);
            if power == last {
                passes = true;
                break;
            }
        }
        if !passes {
            return Some(false);
        }
    }
    Some(true)
}

/// A number in as many bytes as the key has.
fn padded(number: &BigUint) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    let mut out = vec![0; KEY_BYTES.saturating_sub(bytes.len())];
    out.extend_from_slice(&bytes);
    out
}

/// DER of a number that is not negative.
fn integer(number: &BigUint) -> Vec<u8> {
    let mut bytes = number.to_bytes_be();
    if bytes.first().is_some_and(|byte| *byte >= 0x80) {
        bytes.insert(0, 0);
    }
    tagged(0x02, &bytes)
}

fn sequence(contents: &[u8]) -> Vec<u8> {
    tagged(0x30, contents)
}

/// DER of contents of less than 256 bytes.
fn tagged(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = u8::try_from(contents.len()).expect("a key of 1024 bits and its exponent are shorter");
    let mut out = vec![tag];
    if length >= 0x80 {
        out.push(0x81);
    }
    out.push(length);
    out.extend_from_slice(contents);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_can_be_taken_back_and_says_what_was_signed() {
        let key = WeakKey::generate().unwrap();
        assert_eq!(key.modulus.bits(), 1_024);
        let opened = |signature: &[u8]| {
            assert_eq!(signature.len(), KEY_BYTES);
            padded(&BigUint::from_bytes_be(signature).modpow(&BigUint::from(EXPONENT), &key.modulus))
        };
        let digest = Sha256::digest(b"said");
        let old = opened(&key.sign_pkcs1(b"said"));
        assert_eq!(old[..4], [0, 1, 0xff, 0xff]);
        assert_eq!(old[KEY_BYTES - HASH_BYTES..], digest[..]);

        // The steps of RFC 8017 §9.1.2.
        let new = opened(&key.sign_pss(b"said").unwrap());
        assert_eq!((new[0] & 0x80, new[KEY_BYTES - 1]), (0, 0xbc));
        let (masked, seed) = new[..KEY_BYTES - 1].split_at(KEY_BYTES - HASH_BYTES - 1);
        let mut block = masked.to_vec();
        for (place, piece) in (0_u32..).zip(block.chunks_mut(HASH_BYTES)) {
            let mask = Sha256::digest([seed, &place.to_be_bytes()].concat());
            piece.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
        }
        block[0] &= 0x7f;
        let salt = block.split_off(block.len() - HASH_BYTES);
        assert_eq!(block.pop(), Some(1));
        assert!(block.iter().all(|byte| *byte == 0));
        assert_eq!(Sha256::digest([&[0; 8], &digest[..], &salt].concat())[..], *seed);
    }

    #[test]
    fn primes_are_told_from_products() {
        let mersenne = (BigUint::from(1_u32) << 521_usize) - 1_u32;
        assert_eq!(is_probably_prime(&mersenne), Some(true));
        let composite = (BigUint::from(1_u32) << 523_usize) - 1_u32;
        assert_eq!(is_probably_prime(&composite), Some(false));
    }
}
