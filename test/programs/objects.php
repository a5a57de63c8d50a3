<?php
/* SPDX-License-Identifier: MIT
 *
 * objects.php -- strings, sorted tables, cycles for the collector, and what extensions there are; prints digests
 * only.
 */
$table = [];
for ($i = 0; $i < 100000; $i++)
    $table["k" . ($i % 7000)] = str_repeat(chr(65 + $i % 26), $i % 500);
ksort($table);
echo md5(serialize($table)), " ", strlen(json_encode(array_values($table))), "\n";

class Node
{
    public $next;
    public $text;
}
for ($round = 0; $round < 20; $round++) {
    $nodes = [];
    for ($i = 0; $i < 5000; $i++) {
        $node = new Node();
        $node->next = $node;
        $node->text = str_repeat("c", $i % 200);
        $nodes[] = $node;
    }
}
unset($nodes, $node);
echo gc_collect_cycles() > 0 ? "collected" : "nothing to collect", "\n";
echo preg_match_all("/(a+)(b|c)*?d/", str_repeat("aaabbcd xx", 20000), $found), "\n";

$parts = iterator_to_array((function () {
    for ($i = 0; $i < 10000; $i++)
        yield str_pad("$i", $i % 100, ".");
})());
echo md5(implode(",", $parts)), "\n";

if (extension_loaded("pdo_sqlite")) {
    $database = new PDO("sqlite::memory:");
    $database->exec("create table t (number int, text text)");
    $insert = $database->prepare("insert into t values (?, ?)");
    $database->beginTransaction();
    for ($i = 0; $i < 20000; $i++)
        $insert->execute([$i, str_repeat("z", $i % 100)]);
    $database->commit();
    echo $database->query("select sum(number) + sum(length(text)) from t")->fetchColumn(), "\n";
}
if (extension_loaded("mbstring"))
    echo md5(mb_strtoupper(str_repeat("\u{e4}\u{f6}\u{fc}", 10000))), "\n";
