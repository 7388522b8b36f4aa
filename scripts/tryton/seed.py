"""Fills a new Tryton database with a small trading company, in process.

A company in EUR with chart of accounts, fiscal years and taxes of 19 % and 9 %; three warehouses; products
with SKU codes and EANs, a template with variants, service products; supplier, carrier, two web shops; stock;
one processed sale; the users `sync` (a synchronising program's rights) and `clerk` (shop staff).
"""
import datetime
import os
from decimal import Decimal

from proteus import Model, config

configuration = config.set_trytond(os.environ['SEED_DATABASE'], config_file=os.environ['TRYTOND_CONFIG'])

# These helpers of Tryton's own tests need a configured database before they can be imported.
from trytond.modules.account.tests.tools import (  # noqa: E402
    create_chart, create_fiscalyear, create_tax, get_accounts)
from trytond.modules.account_invoice.tests.tools import (  # noqa: E402
    create_payment_term, set_fiscalyear_invoice_sequences)
from trytond.modules.company.tests.tools import create_company, get_company  # noqa: E402
from trytond.modules.currency.tests.tools import get_currency  # noqa: E402

PLAIN_PRODUCTS = int(os.environ['SEED_PRODUCTS'])
INITIAL_STOCK = 100.0

SUBDIVISIONS = {
    'DE': ('state', 'BW Baden-Württemberg|BY Bayern|BE Berlin|BB Brandenburg|HB Bremen|HH Hamburg|HE Hessen'
        '|MV Mecklenburg-Vorpommern|NI Niedersachsen|NW Nordrhein-Westfalen|RP Rheinland-Pfalz|SL Saarland'
        '|SN Sachsen|ST Sachsen-Anhalt|SH Schleswig-Holstein|TH Thüringen'),
    'RO': ('department', 'AB Alba|AR Arad|AG Argeș|BC Bacău|BH Bihor|BN Bistrița-Năsăud|BT Botoșani|BV Brașov'
        '|BR Brăila|BZ Buzău|CS Caraș-Severin|CL Călărași|CJ Cluj|CT Constanța|CV Covasna|DB Dâmbovița|DJ Dolj'
        '|GL Galați|GR Giurgiu|GJ Gorj|HR Harghita|HD Hunedoara|IL Ialomița|IS Iași|IF Ilfov|MM Maramureș'
        '|MH Mehedinți|MS Mureș|NT Neamț|OT Olt|PH Prahova|SM Satu Mare|SJ Sălaj|SB Sibiu|SV Suceava'
        '|TR Teleorman|TM Timiș|TL Tulcea|VS Vaslui|VL Vâlcea|VN Vrancea'),
    'GR': ('administrative region', 'A Anatolikí Makedonía kai Thráki|B Kentrikí Makedonía|C Dytikí Makedonía'
        '|D Ípeiros|E Thessalía|F Ionía Nísia|G Dytikí Elláda|H Stereá Elláda|I Attikí|J Pelopónnisos'
        '|K Voreío Aigaío|L Notío Aigaío|M Kríti'),
    'BG': ('district', '01 Blagoevgrad|02 Burgas|03 Varna|04 Veliko Tarnovo|15 Pleven|16 Plovdiv|18 Ruse'
        '|22 Sofia (stolitsa)|23 Sofia|24 Stara Zagora'),
    }
COUNTRIES = {'DE': 'Germany', 'RO': 'Romania', 'GR': 'Greece', 'BG': 'Bulgaria', 'ES': 'Spain'}


def remote(model):
    "The methods that a client would call over HTTP"
    return Model.get(model)._proxy


def create(model, *records):
    return remote(model).create(list(records), configuration.context)


def press(model, record, *buttons):
    for button in buttons:
        getattr(remote(model), button)([record], configuration.context)


def state(model, record):
    return remote(model).read([record], ['state'], configuration.context)[0]['state']


def ean13(number):
    body = f'20{number:010d}'
    digits = [int(digit) for digit in body]
    return body + str(-(sum(digits[::2]) + 3 * sum(digits[1::2])) % 10)


def data_id(name):
    return Model.get('ir.model.data').get_id(name, configuration.context)


countries = {}
for code, name in COUNTRIES.items():
    countries[code] = Model.get('country.country')(name=name, code=code)
    countries[code].save()
create('country.subdivision', {
    'country': countries['RO'].id, 'type': 'municipality', 'code': 'RO-B', 'name': 'București'})
for code, (kind, names) in SUBDIVISIONS.items():
    create('country.subdivision', *[{
        'country': countries[code].id, 'type': kind, 'code': f'{code}-{entry.split(" ", 1)[0]}',
        'name': entry.split(' ', 1)[1]} for entry in names.split('|')])


def party(name, street=None, postal_code=None, city=None, country=None, email=None):
    record = Model.get('party.party')(name=name)
    if street:
        address, = record.addresses
        address.street = street
        address.postal_code = postal_code
        address.city = city
        address.country = countries[country]
    if email:
        record.contact_mechanisms.new(type='email', value=email)
    record.save()
    return record


euro = get_currency('EUR')
create_company(
    party=party('Northwind Trading', 'Hauptstr. 1', '10115', 'Berlin', 'DE'), currency=euro)
company = get_company()
create_chart(company)
accounts = get_accounts(company)
today = datetime.date.today()
year = create_fiscalyear(company)
year.start_date = today.replace(month=1, day=1)
year.end_date = today.replace(year=today.year + 1, month=12, day=31)
year = set_fiscalyear_invoice_sequences(year)
year.click('create_period')


def taxed_category(name, rate, label):
    tax = create_tax(Decimal(rate))
    tax.name = tax.description = label
    tax.save()
    category = Model.get('product.category')(name=name, accounting=True)
    category.account_expense = accounts['expense']
    category.account_revenue = accounts['revenue']
    category.customer_taxes.append(tax)
    category.save()
    return tax, category


tax, goods_category = taxed_category('Shop goods', '.19', 'VAT 19%')
reduced_tax, reduced_category = taxed_category('Reduced rate goods', '.09', 'VAT 9%')
untaxed_category = Model.get('product.category')(name='Untaxed', accounting=True)
untaxed_category.account_expense = accounts['expense']
untaxed_category.account_revenue = accounts['revenue']
untaxed_category.save()
term = create_payment_term()
term.name = 'Paid online'
term.save()

Location = Model.get('stock.location')
warehouses = [Location.find([('type', '=', 'warehouse')], limit=1)[0]]
for name, code in [('Second Warehouse', 'WH2'), ('Third Warehouse', 'WH3')]:
    warehouse = Location(name=name, code=code, type='warehouse')
    for zone, prefix in [('input', 'IN'), ('output', 'OUT'), ('storage', 'STO')]:
        location = Location(
            name=f'{zone.title()} Zone {code[-1]}', type='storage', code=f'{prefix}{code[-1]}')
        location.save()
        setattr(warehouse, f'{zone}_location', location)
    warehouse.save()
    warehouses.append(warehouse)
first, second, third = warehouses

unit, = Model.get('product.uom').find([('name', '=', 'Unit')])
common = {
    'type': 'goods', 'default_uom': unit.id, 'sale_uom': unit.id, 'purchase_uom': unit.id,
    'salable': True, 'purchasable': True, 'account_category': goods_category.id}
service = {
    'type': 'service', 'default_uom': unit.id, 'sale_uom': unit.id, 'salable': True,
    'account_category': goods_category.id}
templates = [{
    **common, 'name': f'Product {number:05d}', 'list_price': Decimal(5 + number % 100),
    # Every fifth at the reduced rate, so that mixed orders are easy to make.
    'account_category': (reduced_category if number % 5 == 0 else goods_category).id,
    'products': [('create', [{
        'suffix_code': f'SKU-{number:05d}', 'cost_price': Decimal(2 + number % 50),
        'identifiers': [('create', [{'type': 'ean', 'code': ean13(number)}])]}])],
    } for number in range(1, PLAIN_PRODUCTS + 1)]
templates.append({
    **common, 'name': 'T-Shirt', 'code': 'TS-', 'list_price': Decimal('19.90'),
    'products': [('create', [{
        'suffix_code': size, 'cost_price': Decimal('7.5'),
        'identifiers': [('create', [{'type': 'ean', 'code': ean13(900000 + index)}])],
        } for index, size in enumerate('SML')])]})
for name, code, price, category in [
        ('Shipping', 'SHIPPING', '4.90', goods_category), ('Discount', 'DISCOUNT', '0', goods_category),
        ('Rounding', 'ROUNDING', '0', untaxed_category)]:
    templates.append({
        **service, 'name': name, 'list_price': Decimal(price), 'account_category': category.id,
        'products': [('create', [{'suffix_code': code}])]})
# SQLite's parser gives up somewhere below 100 records at once.
for start in range(0, len(templates), 50):
    create('product.template', *templates[start:start + 50])
by_code = {row['code']: row['id'] for row in remote('product.product').search_read(
    [], 0, None, None, ['code'], configuration.context)}
goods = [by_code[code] for code in sorted(by_code) if code not in {'SHIPPING', 'DISCOUNT', 'ROUNDING'}]

supplier = party('Wholesale Supplier', 'Industriestr. 9', '20095', 'Hamburg', 'DE')
customer = party('Jane Customer', 'Calle Mayor 1', '28013', 'Madrid', 'ES', 'jane@example.com')
guest = party('Web guest')
carrier, = create('carrier', {
    'party': party('Parcel Carrier').id, 'carrier_product': by_code['SHIPPING']})

# A few goods are bought and received, the rest is counted: a document's cost grows faster than its lines.
bought, counted = goods[:20], goods[20:]
purchase, = create('purchase.purchase', {
    'party': supplier.id, 'invoice_address': supplier.addresses[0].id, 'payment_term': term.id,
    'warehouse': first.id, 'currency': euro.id, 'invoice_method': 'manual',
    'lines': [('create', [{
        'product': product, 'quantity': INITIAL_STOCK, 'unit': unit.id, 'unit_price': Decimal(2),
        } for product in bought])]})
press('purchase.purchase', purchase, 'quote', 'confirm')
if state('purchase.purchase', purchase) == 'confirmed':
    press('purchase.purchase', purchase, 'process')
incoming = remote('stock.move').search([
    ('state', '=', 'draft'), ('from_location.type', '=', 'supplier')], 0, None, None, configuration.context)
receipt, = create('stock.shipment.in', {
    'supplier': supplier.id, 'warehouse': first.id, 'warehouse_input': first.input_location.id,
    'warehouse_storage': first.storage_location.id, 'incoming_moves': [('add', incoming)]})
press('stock.shipment.in', receipt, 'receive', 'do')
for start in range(0, len(counted), 100):
    inventory, = create('stock.inventory', {
        'location': first.storage_location.id,
        'lines': [('create', [
            {'product': product, 'quantity': INITIAL_STOCK} for product in counted[start:start + 100]])]})
    press('stock.inventory', inventory, 'confirm')

for target, step, quantity in [(second, 10, 10.0), (third, 20, 5.0)]:
    ends = {'from_location': first.storage_location.id, 'to_location': target.storage_location.id}
    transfer, = create('stock.shipment.internal', {
        **ends, 'moves': [('create', [{
            **ends, 'product': product, 'quantity': quantity, 'company': company.id, 'unit': unit.id,
            } for product in goods[:200:step]])]})
    press('stock.shipment.internal', transfer, 'wait', 'assign_force', 'pack', 'ship', 'do')

shops = create('web.shop', *[{
    'name': name, 'company': company.id, 'currency': euro.id, 'guest_party': guest.id,
    'warehouses': [('add', [warehouse.id for warehouse in warehouses])], 'products': [('add', goods)],
    } for name in ['shop-a', 'shop-b']])
address = customer.addresses[0].id
sale, = create('sale.sale', {
    'party': customer.id, 'invoice_address': address, 'shipment_address': address, 'payment_term': term.id,
    'warehouse': first.id, 'currency': euro.id, 'carrier': carrier, 'web_shop': shops[0],
    'web_id': 'SEED-1', 'reference': 'SEED-1',
    'lines': [('create', [{
        'product': product, 'quantity': 2.0, 'unit': unit.id, 'unit_price': Decimal(10),
        'taxes': [('add', [tax.id])]} for product in goods[:2]])]})
press('sale.sale', sale, 'quote', 'confirm')
if state('sale.sale', sale) == 'confirmed':
    press('sale.sale', sale, 'process')

SYNC_GROUPS = [
    'sale.group_sale', 'stock.group_stock', 'product.group_product_admin',
    'account_product.group_account_product_admin']
CLERK_GROUPS = SYNC_GROUPS + [
    'sale.group_sale_admin', 'stock.group_stock_admin', 'stock.group_stock_force_assignment',
    'purchase.group_purchase', 'purchase.group_purchase_admin', 'account.group_account',
    'account.group_account_admin']
users = create('res.user', *[{
    'name': login.title(), 'login': login, 'password': password, 'company': company.id,
    'companies': [('add', [company.id])], 'groups': [('add', [data_id(name) for name in groups])],
    } for login, password, groups in [
        ('sync', os.environ['SEED_SYNC_PASSWORD'], SYNC_GROUPS),
        ('clerk', os.environ['SEED_CLERK_PASSWORD'], CLERK_GROUPS)]])
create('res.user.application', {
    'user': users[0], 'application': 'rest', 'key': os.environ['SEED_REST_KEY']})

identifiers = {
    'COMPANY': company.id, 'CURRENCY': euro.id, 'UNIT': unit.id, 'CUSTOMER': customer.id,
    'CUSTOMER_ADDRESS': address, 'GUEST': guest.id, 'SUPPLIER': supplier.id, 'TAX': tax.id,
    'TAX_REDUCED': reduced_tax.id, 'PAYMENT_TERM': term.id, 'ACCOUNT_CATEGORY': goods_category.id,
    'ACCOUNT_CATEGORY_REDUCED': reduced_category.id, 'CARRIER': carrier, 'SHOP_A': shops[0],
    'SHOP_B': shops[1], 'SEED_SALE': sale, 'SHIPPING': by_code['SHIPPING'],
    'DISCOUNT': by_code['DISCOUNT'], 'ROUNDING': by_code['ROUNDING']}
for suffix, warehouse in zip(['', '2', '3'], warehouses):
    identifiers[f'WAREHOUSE{suffix}'] = warehouse.id
    identifiers[f'STORAGE{suffix}'] = warehouse.storage_location.id
with open(os.environ['SEED_OUTPUT'], 'w') as output:
    for name, value in identifiers.items():
        print(f'TRYTON_{name}={value}', file=output)
