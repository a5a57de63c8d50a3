-- SPDX-License-Identifier: MIT
--
-- orders.sql -- sqlite3: an in-memory shop filled by recursion, indexed, joined, updated and deleted from,
-- text searched, JSON made. @N@ is replaced by the number of orders.
PRAGMA cache_size = -8000;
CREATE TABLE customer(id INTEGER PRIMARY KEY, name TEXT, city TEXT, note TEXT);
CREATE TABLE orders(id INTEGER PRIMARY KEY, customer INT, product TEXT, amount INT, placed TEXT);
BEGIN;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < @N@ / 10)
INSERT INTO customer SELECT i, printf('name-%06d', i * 7919 % 100003), printf('city-%03d', i % 211),
       hex(zeroblob(i % 60)) FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < @N@)
INSERT INTO orders SELECT i, i * 31 % (@N@ / 10) + 1, printf('product-%04x', i * 48271 % 2000), i * 37 % 1000,
       date('2020-01-01', printf('+%d days', i % 1500)) FROM n;
COMMIT;
CREATE INDEX by_customer ON orders(customer, placed);
CREATE INDEX by_product ON orders(product);
SELECT city, count(*), sum(amount) FROM customer JOIN orders ON orders.customer = customer.id
 GROUP BY city ORDER BY 3 DESC, 1 LIMIT 5;
SELECT product, group_concat(DISTINCT strftime('%Y', placed)) FROM orders
 GROUP BY product HAVING count(*) > 5 ORDER BY 1 LIMIT 5;
UPDATE orders SET amount = amount * 2
 WHERE product IN (SELECT product FROM orders WHERE amount > 990 LIMIT 100);
DELETE FROM orders WHERE customer IN (SELECT id FROM customer WHERE name LIKE 'name-00%');
WITH ranked AS (SELECT customer, amount,
                       row_number() OVER (PARTITION BY customer ORDER BY amount DESC, id) AS place
                  FROM orders)
SELECT sum(amount), count(*) FROM ranked WHERE place <= 3;
SELECT count(*), sum(length(j))
  FROM (SELECT json_group_array(json_object('id', id, 'p', product, 'a', amount)) AS j
          FROM orders GROUP BY customer);
SELECT max(length(name || upper(city) || replace(note, '0', 'xy'))) FROM customer;
PRAGMA integrity_check;
