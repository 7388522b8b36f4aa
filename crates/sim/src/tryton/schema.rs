//! How models are described: one table of fields each, in [`super::models`].

use super::models::MODELS;

#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Char,
    Text,
    Integer,
    Boolean,
    Float,
    Numeric,
    Date,
    Timestamp,
    /// An empty list allows everything.
    Selection(&'static [&'static str]),
    One(&'static str),
    /// Records of `model` whose `inverse` points here.
    Children {
        model: &'static str,
        inverse: &'static str,
    },
    /// Stored list of ids.
    List(&'static str),
    Reference,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) required: bool,
    /// Worked out when read ([`super::computed`]).
    pub(super) computed: bool,
    /// Clients may not set it.
    pub(super) read_only: bool,
    /// Texts that are looked up by equality.
    pub(super) indexed: bool,
    pub(super) decimals: u32,
}

#[derive(Debug)]
pub(super) struct Model {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    /// Default order of a search; the flag means descending. Ids ascending break ties.
    pub(super) order: &'static [(&'static str, bool)],
    pub(super) fields: &'static [Field],
}

pub(super) const fn field(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, required: false, computed: false, read_only: false, indexed: false, decimals: 4 }
}

pub(super) const fn char(name: &'static str) -> Field {
    field(name, Kind::Char)
}

pub(super) const fn one(name: &'static str, model: &'static str) -> Field {
    field(name, Kind::One(model))
}

pub(super) const fn list(name: &'static str, model: &'static str) -> Field {
    field(name, Kind::List(model))
}

pub(super) const fn children(name: &'static str, model: &'static str, inverse: &'static str) -> Field {
    field(name, Kind::Children { model, inverse })
}

impl Field {
    pub(super) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(super) const fn computed(mut self) -> Self {
        self.computed = true;
        self.read_only = true;
        self
    }

    pub(super) const fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    pub(super) const fn indexed(mut self) -> Self {
        self.indexed = true;
        self
    }

    /// The model this field leads to.
    pub(super) fn target(&self) -> Option<&'static Model> {
        match self.kind {
            Kind::One(name) | Kind::List(name) | Kind::Children { model: name, .. } => model(name),
            _ => None,
        }
    }
}

impl Model {
    pub(super) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields
            .iter()
            .find(|field| field.name == name)
            .or_else(|| BASE.iter().find(|field| field.name == name))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.name == name)
    }
}

/// What every stored model has.
pub(super) const BASE: &[Field] = &[
    field("id", Kind::Integer).computed(),
    field("create_date", Kind::Timestamp).computed(),
    field("write_date", Kind::Timestamp).computed(),
    field("last_modified_at", Kind::Timestamp).computed(),
    field("_timestamp", Kind::Char).computed(),
    field("rec_name", Kind::Char).computed(),
];

pub(super) fn model(name: &str) -> Option<&'static Model> {
    MODELS.iter().find(|model| model.name == name)
}

/// Models a reference may name.
pub(super) fn reference_model(name: &str) -> Option<&'static str> {
    model(name).map(|model| model.name)
}

/// `shipment_address` → `Shipment Address`.
pub(super) fn title(name: &str) -> String {
    name.split(['_', ' '])
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
        })
        .collect::<Vec<String>>()
        .join(" ")
}
