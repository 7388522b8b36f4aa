//! No figure changes because an order moves from the ledger into the ERP.

use proptest::prelude::*;
use rust_decimal::Decimal;
use zygos_core::{
    ConnectionId,
    model::{Deduction, StockRow},
    stock::{
        Figure, LedgerEntry, SellableInputs, StockRule, WarehouseRule, consistency::moved_between, sellable,
    },
};

use crate::samples::{cases, key, whole};

const FIGURES: [Figure; 3] = [Figure::Physical, Figure::Free, Figure::Projected];

/// What the ERP has taken off at each point of a life: (name, recorded, reserved, moved) of every whole 2 ordered.
const POINTS: [(&str, i64, i64, i64); 10] = [
    ("seen, not imported", 0, 0, 0),
    ("drafted", 0, 0, 0),
    ("quoted", 0, 0, 0),
    ("confirmed, waiting", 2, 0, 0),
    ("partly reserved", 2, 1, 0),
    ("reserved", 2, 2, 0),
    ("picked", 2, 2, 0),
    ("partly shipped", 2, 2, 1),
    ("shipped", 2, 2, 2),
    ("done", 2, 2, 2),
];

/// What one store shows of ten on the shelf when `quantity` is ordered there and the ERP has taken off so much.
fn published(figure: Figure, quantity: i64, (recorded, reserved, moved): (i64, i64, i64)) -> Decimal {
    let rule = StockRule {
        warehouses: vec![WarehouseRule { warehouse: key("W1"), name: "Cluj".to_owned(), figure }],
        buffer: Decimal::ZERO,
        max_listed: None,
        multiple: Decimal::ONE,
        backorders: false,
    };
    let rows = [StockRow {
        unit: key("E1"),
        warehouse: key("W1"),
        physical: Some(whole(10 - moved)),
        free: Some(whole(10 - reserved)),
        projected: Some(whole(10 - recorded)),
    }];
    let ledger = [LedgerEntry {
        store: ConnectionId::new("shop"),
        order: key("1001"),
        unit: key("E1"),
        warehouse: Some(key("W1")),
        quantity: whole(quantity),
        recorded: whole(recorded),
        reserved: whole(reserved),
        moved: whole(moved),
    }];
    match sellable(&rule, &SellableInputs { rows: &rows, ledger: &ledger, decimals: 0 }) {
        Ok(explanation) => explanation.figure,
        Err(undecidable) => panic!("{undecidable}"),
    }
}

fn deducted(figure: Figure, (recorded, reserved, moved): (i64, i64, i64)) -> i64 {
    match figure {
        Figure::Physical => moved,
        Figure::Free => reserved,
        Figure::Projected => recorded,
    }
}

#[test]
fn an_order_of_two_of_ten_leaves_eight_at_every_point_of_its_life() {
    for figure in FIGURES {
        for (name, recorded, reserved, moved) in POINTS {
            assert_eq!(published(figure, 2, (recorded, reserved, moved)), whole(8), "{figure:?}, {name}");
        }
    }
}

#[test]
fn a_cancelled_order_gives_back_only_what_the_erp_has_let_go() {
    for figure in FIGURES {
        for (name, recorded, reserved, moved) in POINTS {
            let erp = (recorded, reserved, moved);
            assert_eq!(published(figure, 0, erp), whole(10 - deducted(figure, erp)), "{figure:?}, {name}");
            // The ERP cancels what has not left.
            let let_go = (moved, moved, moved);
            assert_eq!(published(figure, 0, let_go), whole(10 - moved), "{figure:?}, {name}, let go");
        }
    }
}

#[test]
fn an_order_edited_from_three_to_five_takes_two_more_at_every_point() {
    for figure in FIGURES {
        for (name, recorded, reserved, moved) in POINTS {
            // The same points, for an order of three: whatever was two is three.
            let three = |taken: i64| if taken == 2 { 3 } else { taken };
            let erp = (three(recorded), three(reserved), three(moved));
            assert_eq!(published(figure, 3, erp), whole(7), "{figure:?}, {name}, before");
            assert_eq!(published(figure, 5, erp), whole(5), "{figure:?}, {name}, edited");
        }
        assert_eq!(published(figure, 5, (5, 5, 5)), whole(5), "{figure:?}, amended and shipped");
    }
}

#[test]
fn an_order_edited_downwards_gives_back_nothing_that_the_erp_still_holds() {
    for figure in FIGURES {
        assert_eq!(published(figure, 1, (0, 0, 0)), whole(9), "{figure:?}");
        assert_eq!(published(figure, 1, (3, 3, 3)), whole(7), "{figure:?}, not yet amended");
        assert_eq!(published(figure, 1, (1, 1, 1)), whole(9), "{figure:?}, amended");
    }
}

#[test]
fn a_deduction_that_moves_while_figures_are_read_makes_only_its_unit_undecidable() {
    let before = [deduction("E1", "CJ-1", "W1", (2, 0, 0)), deduction("E2", "CJ-1", "W1", (1, 1, 0))];
    let after = [deduction("E2", "CJ-1", "W1", (1, 1, 0)), deduction("E1", "CJ-1", "W1", (2, 2, 0))];
    assert_eq!(moved_between(&before, &after).into_iter().collect::<Vec<_>>(), [key("E1")]);
}

#[test]
fn a_deduction_that_appears_or_vanishes_while_figures_are_read_has_moved() {
    let there = [deduction("E1", "CJ-1", "W1", (2, 0, 0))];
    for (before, after) in [(&there[..], &[][..]), (&[][..], &there[..])] {
        assert_eq!(moved_between(before, after).into_iter().collect::<Vec<_>>(), [key("E1")]);
    }
}

#[test]
fn equal_deductions_told_in_other_pieces_or_with_empty_rows_have_not_moved() {
    let before = [deduction("E1", "CJ-1", "W1", (3, 2, 0)), deduction("E3", "CJ-2", "W1", (0, 0, 0))];
    let after = [deduction("E1", "CJ-1", "W1", (1, 1, 0)), deduction("E1", "CJ-1", "W1", (2, 1, 0))];
    assert!(moved_between(&before, &after).is_empty());
}

#[test]
fn a_deduction_that_changes_warehouse_or_order_has_moved() {
    let before = [deduction("E1", "CJ-1", "W1", (2, 2, 0))];
    for after in [deduction("E1", "CJ-1", "W2", (2, 2, 0)), deduction("E1", "CJ-2", "W1", (2, 2, 0))] {
        assert_eq!(moved_between(&before, &[after]).len(), 1);
    }
}

fn deduction(unit: &str, reference: &str, warehouse: &str, taken: (i64, i64, i64)) -> Deduction {
    Deduction {
        document: key("D"),
        reference: reference.to_owned(),
        unit: key(unit),
        warehouse: key(warehouse),
        recorded: whole(taken.0),
        reserved: whole(taken.1),
        moved: whole(taken.2),
    }
}

const WAREHOUSES: [&str; 3] = ["W1", "W2", "W3"];

/// One thing that happens to an order.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// The ERP takes it over or carries it further.
    Confirm,
    Reserve(i64),
    Ship(i64),
    /// The customer or the store's staff.
    Edit(i64),
    Cancel,
    /// The ERP follows the store: what hasn't left is made equal to what is ordered.
    Amend,
}

impl Event {
    fn only_moves_into_the_erp(self) -> bool {
        matches!(self, Self::Confirm | Self::Reserve(_) | Self::Ship(_))
    }
}

/// When the order's warehouse is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    FromTheStart,
    OnceTheErpTakesSomethingOff,
    Never,
}

#[derive(Clone, Debug)]
struct Life {
    warehouse: usize,
    place: Place,
    quantity: i64,
    recorded: i64,
    reserved: i64,
    moved: i64,
}

impl Life {
    fn happen(&mut self, event: Event) {
        match event {
            Event::Confirm => self.recorded = self.recorded.max(self.quantity),
            Event::Reserve(pieces) => self.reserved = (self.reserved + pieces).min(self.recorded),
            Event::Ship(pieces) => self.moved = (self.moved + pieces).min(self.reserved),
            Event::Edit(quantity) => self.quantity = quantity,
            Event::Cancel => self.quantity = 0,
            Event::Amend => {
                self.recorded = self.recorded.min(self.quantity).max(self.moved);
                self.reserved = self.reserved.min(self.recorded);
            }
        }
    }

    /// The ERP doesn't hold more for it than the customer still wants.
    fn erp_is_not_ahead(&self) -> bool {
        self.recorded <= self.quantity
    }

    fn knows_place(&self) -> bool {
        match self.place {
            Place::FromTheStart => true,
            Place::OnceTheErpTakesSomethingOff => self.recorded > 0,
            Place::Never => false,
        }
    }

    fn entry(&self, number: usize) -> LedgerEntry {
        LedgerEntry {
            store: ConnectionId::new(if number.is_multiple_of(2) { "shop" } else { "other shop" }),
            order: key(&number.to_string()),
            unit: key("E1"),
            warehouse: self.knows_place().then(|| key(WAREHOUSES[self.warehouse])),
            quantity: whole(self.quantity),
            recorded: whole(self.recorded),
            reserved: whole(self.reserved),
            moved: whole(self.moved),
        }
    }
}

/// What the store shows while the shelves held `shelves` before any of these orders.
fn shown(rule: &StockRule, shelves: [i64; 3], lives: &[Life]) -> Decimal {
    let rows: Vec<StockRow> = (0..WAREHOUSES.len())
        .map(|place| {
            let here = || lives.iter().filter(|life| life.warehouse == place);
            StockRow {
                unit: key("E1"),
                warehouse: key(WAREHOUSES[place]),
                physical: Some(whole(shelves[place] - here().map(|life| life.moved).sum::<i64>())),
                free: Some(whole(shelves[place] - here().map(|life| life.reserved).sum::<i64>())),
                projected: Some(whole(shelves[place] - here().map(|life| life.recorded).sum::<i64>())),
            }
        })
        .collect();
    let ledger: Vec<LedgerEntry> =
        lives.iter().enumerate().map(|(number, life)| life.entry(number)).collect();
    match sellable(rule, &SellableInputs { rows: &rows, ledger: &ledger, decimals: 0 }) {
        Ok(explanation) => explanation.figure,
        Err(undecidable) => panic!("{undecidable}"),
    }
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => Just(Event::Confirm),
        3 => (1_i64..4).prop_map(Event::Reserve),
        3 => (1_i64..4).prop_map(Event::Ship),
        1 => (0_i64..8).prop_map(Event::Edit),
        1 => Just(Event::Cancel),
        1 => Just(Event::Amend),
    ]
}

fn life(place: impl Strategy<Value = Place>) -> impl Strategy<Value = Life> {
    (0..WAREHOUSES.len(), place, 1_i64..7).prop_map(|(warehouse, place, quantity)| Life {
        warehouse,
        place,
        quantity,
        recorded: 0,
        reserved: 0,
        moved: 0,
    })
}

fn figure() -> impl Strategy<Value = Figure> {
    prop::sample::select(FIGURES.to_vec())
}

/// Rules over all or some warehouses, each with a figure of its own.
fn rule() -> impl Strategy<Value = StockRule> {
    (
        prop::sample::subsequence(vec![0_usize, 1, 2], 1..=3),
        [figure(), figure(), figure()],
        0_i64..4,
        prop::option::of(0_i64..12),
        prop::sample::select(vec![0_i64, 1, 2, 6]),
        any::<bool>(),
    )
        .prop_map(|(places, figures, buffer, most, multiple, backorders)| StockRule {
            warehouses: places
                .into_iter()
                .map(|place| WarehouseRule {
                    warehouse: key(WAREHOUSES[place]),
                    name: WAREHOUSES[place].to_owned(),
                    figure: figures[place],
                })
                .collect(),
            buffer: whole(buffer),
            max_listed: most.map(whole),
            multiple: whole(multiple),
            backorders,
        })
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn moving_an_order_from_the_ledger_into_the_erp_never_changes_a_figure(
        rule in rule(),
        shelves in [-2_i64..25, -2_i64..25, -2_i64..25],
        lives in prop::collection::vec(life(Just(Place::FromTheStart)), 1..5),
        events in prop::collection::vec((any::<prop::sample::Index>(), event()), 1..40),
    ) {
        let mut lives = lives;
        for (which, event) in events {
            let which = which.index(lives.len());
            let before = shown(&rule, shelves, &lives);
            lives[which].happen(event);
            let after = shown(&rule, shelves, &lives);
            if event.only_moves_into_the_erp() {
                if lives[which].erp_is_not_ahead() {
                    prop_assert_eq!(before, after, "{:?} of {:?}", event, lives[which]);
                } else {
                    // The ERP goes on with an order that the store made smaller: that takes, and never gives.
                    prop_assert!(after <= before, "{:?} of {:?}: {} became {}", event, lives[which], before, after);
                }
            }
        }
    }

    #[test]
    fn a_store_never_lists_more_than_its_shelves_hold_beyond_everything_sold(
        rule in rule(),
        shelves in [0_i64..25, 0_i64..25, 0_i64..25],
        lives in prop::collection::vec(life(Just(Place::FromTheStart)), 1..5),
        events in prop::collection::vec((any::<prop::sample::Index>(), event()), 1..40),
    ) {
        let rule = StockRule { backorders: false, ..rule };
        let mut lives = lives;
        for (which, event) in events {
            let which = which.index(lives.len());
            lives[which].happen(event);
            let spare: i64 = (0..WAREHOUSES.len())
                .filter(|place| rule.warehouses.iter().any(|w| w.warehouse == key(WAREHOUSES[*place])))
                .map(|place| {
                    // Goods that have left are gone even if the order was made smaller afterwards.
                    let sold: i64 = lives
                        .iter()
                        .filter(|life| life.warehouse == place)
                        .map(|life| life.quantity.max(life.moved))
                        .sum();
                    (shelves[place] - sold).max(0)
                })
                .sum();
            let shown = shown(&rule, shelves, &lives);
            prop_assert!(shown <= whole(spare) , "{} shown, {} spare", shown, spare);
            prop_assert!(shown >= Decimal::ZERO);
        }
    }

    #[test]
    fn learning_from_the_erp_where_an_order_is_served_changes_no_figure_while_shelves_are_full(
        rule in rule(),
        lives in prop::collection::vec(life(Just(Place::OnceTheErpTakesSomethingOff)), 1..5),
        steps in prop::collection::vec((any::<prop::sample::Index>(), 1_i64..4), 1..30),
    ) {
        // All places are the store's own: an order served elsewhere truly stops being this store's concern.
        let places: Vec<WarehouseRule> = WAREHOUSES
            .iter()
            .enumerate()
            .map(|(index, name)| WarehouseRule {
                warehouse: key(name),
                name: (*name).to_owned(),
                figure: rule.warehouses[index % rule.warehouses.len()].figure,
            })
            .collect();
        let rule = StockRule { warehouses: places, ..rule };
        let shelves = [100, 100, 100];
        let mut lives = lives;
        let first = shown(&rule, shelves, &lives);
        for (which, pieces) in steps {
            let which = which.index(lives.len());
            for event in [Event::Confirm, Event::Reserve(pieces), Event::Ship(pieces)] {
                lives[which].happen(event);
                prop_assert_eq!(shown(&rule, shelves, &lives), first, "{:?} of {:?}", event, lives[which]);
            }
        }
    }

    #[test]
    fn an_order_whose_place_is_never_known_keeps_its_effect_while_shelves_are_full(
        rule in rule(),
        figure in figure(),
        lives in prop::collection::vec(life(Just(Place::Never)), 1..5),
        steps in prop::collection::vec((any::<prop::sample::Index>(), 1_i64..4), 1..30),
    ) {
        let places = WAREHOUSES
            .iter()
            .map(|name| WarehouseRule { warehouse: key(name), name: (*name).to_owned(), figure })
            .collect();
        let rule = StockRule { warehouses: places, ..rule };
        let shelves = [100, 100, 100];
        let mut lives = lives;
        let first = shown(&rule, shelves, &lives);
        for (which, pieces) in steps {
            let which = which.index(lives.len());
            for event in [Event::Confirm, Event::Reserve(pieces), Event::Ship(pieces)] {
                lives[which].happen(event);
                prop_assert_eq!(shown(&rule, shelves, &lives), first, "{:?} of {:?}", event, lives[which]);
            }
        }
    }

    #[test]
    fn an_entry_is_settled_only_when_no_figure_has_anything_left_to_take_off(
        life in life(Just(Place::FromTheStart)),
        events in prop::collection::vec(event(), 0..30),
    ) {
        let mut life = life;
        for event in events {
            life.happen(event);
            let entry = life.entry(0);
            let open = FIGURES.iter().any(|figure| !entry.outstanding(*figure).is_zero());
            prop_assert_eq!(entry.is_settled(), !open, "{:?}", life);
        }
    }
}
