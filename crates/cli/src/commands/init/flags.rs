//! What can be typed after `zygos init`: everything that would be asked otherwise.

use std::path::PathBuf;

use clap::Args;

#[derive(Args, Clone, Debug, Default)]
pub struct InitArguments {
    /// The store's own address, such as https://shop.example.
    #[arg(long, value_name = "URL")]
    pub store_url: Option<String>,
    /// The environment variable that holds the store's API key.
    #[arg(long, value_name = "NAME")]
    pub store_key_env: Option<String>,
    /// The file that holds the store's API key.
    #[arg(long, value_name = "PATH", conflicts_with = "store_key_env")]
    pub store_key_file: Option<String>,
    /// The environment variable that holds the store's API secret.
    #[arg(long, value_name = "NAME")]
    pub store_secret_env: Option<String>,
    /// The file that holds the store's API secret.
    #[arg(long, value_name = "PATH", conflicts_with = "store_secret_env")]
    pub store_secret_file: Option<String>,
    /// Whose store it is; may be left out where only one is known.
    #[arg(long, value_name = "VENDOR")]
    pub store_vendor: Option<String>,
    /// The ERP's address, such as https://tryton.example.com.
    #[arg(long, value_name = "URL")]
    pub erp_url: Option<String>,
    /// The ERP's database.
    #[arg(long, value_name = "NAME")]
    pub erp_database: Option<String>,
    /// The ERP's user that Zygos works as.
    #[arg(long, value_name = "NAME")]
    pub erp_user: Option<String>,
    /// The environment variable that holds that user's password.
    #[arg(long, value_name = "NAME")]
    pub erp_password_env: Option<String>,
    /// The file that holds that user's password.
    #[arg(long, value_name = "PATH", conflicts_with = "erp_password_env")]
    pub erp_password_file: Option<String>,
    /// Whose ERP it is; may be left out where only one is known.
    #[arg(long, value_name = "VENDOR")]
    pub erp_vendor: Option<String>,
    /// What the store is called here; from its address when left out.
    #[arg(long)]
    pub name: Option<String>,
    /// What stands before an order's number in the ERP; from the name when left out.
    #[arg(long)]
    pub prefix: Option<String>,
    /// Older orders are not imported by themselves; today when left out.
    #[arg(long, value_name = "DATE")]
    pub orders_from: Option<String>,
    /// The store's time zone.
    #[arg(long, value_name = "ZONE", default_value = "Europe/Bucharest")]
    pub timezone: String,
    /// The orders' currency; as met in the store or the ERP when left out.
    #[arg(long, value_name = "CODE")]
    pub currency: Option<String>,
    /// The ERP's name for the store (Tryton: the web shop); needed where there are several.
    #[arg(long, value_name = "NAME")]
    pub shop: Option<String>,
    /// A warehouse whose goods the store sells, and the figure that counts (free, physical or projected; free when
    /// left out). Once for each; needed where the ERP has several.
    #[arg(long = "warehouse", value_name = "CODE=FIGURE")]
    pub warehouses: Vec<String>,
    /// The warehouse that orders are entered with; the first of the above when left out.
    #[arg(long, value_name = "CODE")]
    pub orders_warehouse: Option<String>,
    /// Which way edits of products move; nothing is kept when left out.
    #[arg(long, value_name = "WAY", value_parser = ["none", "to_store", "to_erp", "both"])]
    pub products: Option<String>,
    /// Where a product is made that only the other side has; nowhere when left out.
    #[arg(long, value_name = "WAY", value_parser = ["none", "to_store", "to_erp", "both"])]
    pub create: Option<String>,
    /// Which way prices follow; they don't when left out.
    #[arg(long, value_name = "WAY", value_parser = ["none", "to_store", "to_erp", "both"])]
    pub prices: Option<String>,
    /// The ERP's price list for this store; without it, the price that holds without a list.
    #[arg(long, value_name = "NAME")]
    pub price_list: Option<String>,
    /// The store's price that counts, the other follows by the tax; by the store's prices when left out.
    #[arg(long, value_name = "KIND", value_parser = ["net", "gross"])]
    pub authority: Option<String>,
    /// Ask nothing: take what was proposed.
    #[arg(short, long)]
    pub yes: bool,
    /// The file to write; `--config` when left out.
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replace the file if it is there.
    #[arg(long)]
    pub force: bool,
}
