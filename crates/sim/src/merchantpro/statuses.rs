//! Order statuses, their localised twins and the moves between them.

use serde::{Deserialize, Serialize};

use super::settings::Language;

/// `shipping_status` (documented list).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShippingStatus {
    Temporary,
    Awaiting,
    Confirmed,
    InProcess,
    Shipped,
    Delivered,
    Returned,
    Cancelled,
}

impl ShippingStatus {
    const ALL: [Self; 8] = [
        Self::Temporary,
        Self::Awaiting,
        Self::Confirmed,
        Self::InProcess,
        Self::Shipped,
        Self::Delivered,
        Self::Returned,
        Self::Cancelled,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Temporary => "temporary",
            Self::Awaiting => "awaiting",
            Self::Confirmed => "confirmed",
            Self::InProcess => "in_process",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Returned => "returned",
            Self::Cancelled => "cancelled",
        }
    }

    /// The vendor's word, exactly.
    pub fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// Whether goods of such an order are still taken from stock.
    pub fn holds_stock(self) -> bool {
        self != Self::Cancelled
    }

    pub(super) fn is_open(self) -> bool {
        !matches!(self, Self::Delivered | Self::Returned | Self::Cancelled)
    }

    /// Forward only, steps may be left out, `returned` after shipping, `cancelled` while open (all inferred).
    pub(super) fn may_become(self, next: Self) -> bool {
        match next {
            Self::Returned => matches!(self, Self::Shipped | Self::Delivered),
            Self::Cancelled => self.is_open(),
            _ => self.is_open() && next > self,
        }
    }

    pub(super) fn text(self, language: Language) -> &'static str {
        let [romanian, serbian, greek, english] = match self {
            Self::Temporary => ["Temporara", "Privremena", "Προσωρινή", "Temporary"],
            Self::Awaiting => ["In asteptare", "Na čekanju", "Σε αναμονή", "Awaiting"],
            Self::Confirmed => ["Confirmata", "Potvrđena", "Επιβεβαιωμένη", "Confirmed"],
            Self::InProcess => ["In procesare", "U obradi", "Σε επεξεργασία", "In process"],
            Self::Shipped => ["Expediata", "Poslata", "Απεστάλη", "Shipped"],
            Self::Delivered => ["Livrata", "Isporučena", "Παραδόθηκε", "Delivered"],
            Self::Returned => ["Returnata", "Vraćena", "Επιστράφηκε", "Returned"],
            Self::Cancelled => ["Anulata", "Otkazana", "Ακυρώθηκε", "Cancelled"],
        };
        choose(language, romanian, serbian, greek, english)
    }
}

/// `payment_status`. Written with one `l`, read with one or two (dossier §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    Temporary,
    Awaiting,
    Paid,
    Failed,
    #[serde(alias = "cancelled")]
    Canceled,
    Refunded,
    Rejected,
}

impl PaymentStatus {
    const ALL: [Self; 7] = [
        Self::Temporary,
        Self::Awaiting,
        Self::Paid,
        Self::Failed,
        Self::Canceled,
        Self::Refunded,
        Self::Rejected,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Temporary => "temporary",
            Self::Awaiting => "awaiting",
            Self::Paid => "paid",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Refunded => "refunded",
            Self::Rejected => "rejected",
        }
    }

    pub fn read(text: &str) -> Option<Self> {
        let text = if text == "cancelled" { "canceled" } else { text };
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    pub(super) fn text(self, language: Language) -> &'static str {
        let [romanian, serbian, greek, english] = match self {
            Self::Temporary => ["Temporara", "Privremeno", "Προσωρινή", "Temporary"],
            Self::Awaiting => {
                ["Plata in asteptare", "Plaćanje na čekanju", "Αναμονή πληρωμής", "Awaiting payment"]
            }
            Self::Paid => ["Platita", "Plaćeno", "Πληρώθηκε", "Paid"],
            Self::Failed => ["Plata esuata", "Plaćanje neuspešno", "Αποτυχία πληρωμής", "Payment failed"],
            Self::Canceled => ["Plata anulata", "Plaćanje otkazano", "Ακυρώθηκε", "Payment cancelled"],
            Self::Refunded => ["Rambursata", "Refundirano", "Επιστροφή χρημάτων", "Refunded"],
            Self::Rejected => ["Plata respinsa", "Plaćanje odbijeno", "Απορρίφθηκε", "Payment rejected"],
        };
        choose(language, romanian, serbian, greek, english)
    }
}

fn choose(
    language: Language,
    romanian: &'static str,
    serbian: &'static str,
    greek: &'static str,
    english: &'static str,
) -> &'static str {
    match language {
        Language::Romanian => romanian,
        Language::Serbian => serbian,
        Language::Greek => greek,
        Language::English => english,
    }
}
