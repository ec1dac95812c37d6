//! How producers keep one waiting, and what they do when many call at once.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::producer::{Producer, Question};
use super::table::Wrong;
use crate::soap::responder::TransportFault;

/// What an answer takes that is kept waiting, before it is shortened.
const SLOW: Duration = Duration::from_secs(16);
/// The same for every tenth.
const SLOWER: Duration = Duration::from_secs(20);
/// Calls at once that are borne.
const BORNE: usize = 8;
/// Calls at once after which a producer never recovers.
const PEAK: usize = 40;
/// What a call takes where it matters that others come meanwhile.
const MEANWHILE: Duration = Duration::from_millis(5);

/// Counts a call for as long as it takes.
struct InFlight<'p>(&'p Producer);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Waits as the producer does; an error is a connection that breaks.
pub(super) async fn wait(producer: &Producer, number: u64, question: &Question) -> Result<(), TransportFault> {
    let at_once = producer.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
    let _counted = InFlight(producer);
    let scaled = |duration: Duration| duration.mul_f64(producer.scale);
    match producer.wrong {
        Wrong::Slow => tokio::time::sleep(scaled(SLOW)).await,
        Wrong::SlowTenth if number.is_multiple_of(10) => tokio::time::sleep(scaled(SLOWER)).await,
        Wrong::Reset if number.is_multiple_of(50) => return Err(TransportFault::Reset),
        Wrong::Slower => {
            // One per cent of the longest allowed answer, for each minute that has passed.
            let minutes = producer.began.elapsed().as_secs_f64() / (60.0 * producer.scale);
            tokio::time::sleep(scaled(Duration::from_millis(150)).mul_f64(minutes)).await;
        }
        Wrong::Crowded => {
            tokio::time::sleep(MEANWHILE).await;
            if at_once > BORNE {
                return Err(TransportFault::Closed);
            }
        }
        Wrong::NeverRecovers => {
            tokio::time::sleep(MEANWHILE).await;
            if at_once > PEAK {
                producer.was_crowded.store(1, Ordering::Relaxed);
            }
            if producer.was_crowded.load(Ordering::Relaxed) == 1 {
                return Err(TransportFault::Closed);
            }
        }
        Wrong::Mixed => {
            let own = question.asked.patient.clone();
            let slot = || producer.last_asked.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            slot().clone_from(&own);
            tokio::time::sleep(MEANWHILE).await;
            // Only a call that came meanwhile can be mixed up with this one.
            if producer.in_flight.load(Ordering::Relaxed) < 2 {
                *slot() = own;
            }
        }
        _ => {}
    }
    Ok(())
}
