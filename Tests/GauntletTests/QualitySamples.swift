/// Texts for the quality layer, good ones and what was made of them.
enum QualitySamples {
    static let python = """
        \"""Prices of orders.\"""
        from decimal import Decimal


        class Order:
            \"""An order of some items by a customer.\"""

            def __init__(self, customer, items):
                self.customer = customer
                self.items = list(items)

            def total(self, discount=Decimal(0)):
                \"""The sum of all prices less the discount.\"""
                amount = sum(item.price * item.count for item in self.items)
                if discount > amount:
                    raise ValueError("the discount is larger than the amount")
                return amount - discount

            def is_empty(self):
                # Items that were cancelled stay in the list with a count of zero.
                return all(item.count == 0 for item in self.items)


        def parse_order(document):
            \"""Reads an order from its JSON document.\"""
            items = [parse_item(entry) for entry in document["items"]]
            return Order(document["customer"], items)
        """

    static let playbook = """
        - name: Install the web server
          hosts: web
          tasks:
            - name: Install nginx
              ansible.builtin.apt:
                name: nginx
        """

    static let workflow = """
        name: Test
        on: [push]
        jobs:
          test:
            runs-on: ubuntu-latest
            steps:
              - uses: actions/checkout@v4
              - name: Run the tests
                run: make test
        """

    static let manifest = """
        apiVersion: v1
        kind: Service
        metadata:
          name: front
          labels: {app: shop, tier: "front"}
        spec:
          ports:
          - port: 80
            targetPort: 8080
          selector:
            app: shop
        """

    static let script = """
        // Adds the prices of a basket.
        export function total(basket, discount = 0) {
            const prices = basket.items.map((item) => item.price * item.count);
            const amount = prices.reduce((sum, price) => sum + price, 0);
            if (amount < discount) {
                throw new Error(`the discount ${discount} is too large`);
            }
            return amount - discount;
        }
        """

    /// The same program on one line.
    static var oneLine: String {
        python.split(separator: "\n").map { $0.drop { $0 == " " } }.joined(separator: "; ")
    }

    /// The same program with names that say nothing.
    static var letters: String {
        var text = python
        let names = [
            "customer", "items", "item", "discount", "amount", "price", "count", "document", "entry", "total", "Order",
            "Decimal", "parse_", "self", "is_empty",
        ]
        for (index, name) in names.enumerated() {
            text = text.replacing(name, with: String(UnicodeScalar(UInt8(0x61 + index))))
        }
        return text
    }

    /// The same function again and again.
    static var repeated: String {
        let block = python.split(separator: "\n").suffix(14).joined(separator: "\n")
        return Array(repeating: block, count: 8).joined(separator: "\n\n")
    }

    /// Decisions inside decisions.
    static var nested: String {
        var lines = ["def decide(order, customer, stock, price):"]
        for round in 0..<3 {
            for level in 1...9 {
                lines.append(
                    String(repeating: "    ", count: level) + "if order.value > stock.level_\(round)_\(level):"
                )
            }
            lines.append(String(repeating: "    ", count: 10) + "price = customer.discount_\(round)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Most of the program in comments.
    static var commented: String {
        python.split(separator: "\n").enumerated().map { $0 > 6 ? "# \($1)" : String($1) }.joined(separator: "\n")
            + "\n\nprint('nothing is left')\n"
    }

    /// A table of numbers in a program's clothes.
    static var numbers: String {
        var generator = SeededGenerator(seed: 5)
        let rows = (0..<60).map { _ in
            (0..<9).map { _ in "\(UInt16.random(in: 0...60000, using: &generator))" }.joined(separator: ", ")
        }
        return "TABLE = [\n" + rows.map { "    \($0),\n" }.joined() + "]\n"
    }

    /// Encoded bytes in a program's clothes.
    static var encoded: String {
        var generator = SeededGenerator(seed: 6)
        let bytes = (0..<1200).map { _ in "\\x" + String(UInt8.random(in: 16...255, using: &generator), radix: 16) }
        return "DATA = b\"" + bytes.joined() + "\"\n"
    }
}
