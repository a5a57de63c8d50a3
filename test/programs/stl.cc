// SPDX-License-Identifier: MIT
//
// stl.cc -- a C++ program of many threads: containers, strings, smart pointers that cross threads, memory
// resources, over-aligned types, exceptions, failing allocations. Prints sums that do not depend on timing or
// addresses.
#include <algorithm>
#include <any>
#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <functional>
#include <future>
#include <list>
#include <map>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <new>
#include <queue>
#include <random>
#include <regex>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace
{

constexpr unsigned kThreads = 4;

template <typename Work>
std::uint64_t in_threads(unsigned count, Work work)
{
    std::vector<std::uint64_t> sums(count);
    std::vector<std::thread> threads;
    std::uint64_t total = 0;

    for (unsigned id = 0; id < count; id++)
        threads.emplace_back([&sums, id, work] { sums[id] = work(id); });
    for (auto &thread : threads)
        thread.join();
    for (auto sum : sums)
        total = total * 31 + sum;
    return total;
}

std::uint64_t containers(unsigned id)
{
    std::mt19937 random(id + 1);
    std::map<std::string, std::vector<int>> ordered;
    std::unordered_map<int, std::shared_ptr<std::string>> hashed;
    std::deque<std::string> queue;
    std::list<std::set<int>> sets;
    std::uint64_t sum = 0;

    for (int i = 0; i < 20000; i++) {
        int key = static_cast<int>(random() % 3000);

        ordered["key " + std::to_string(key)].push_back(i);
        hashed[key] = std::make_shared<std::string>(static_cast<std::size_t>(i % 100), 'x');
        queue.push_back(std::string(static_cast<std::size_t>(key % 40), 'y'));
        if (queue.size() > 500)
            queue.pop_front();
        if (i % 50 == 0)
            sets.emplace_back();
        sets.back().insert(key);
        if (i % 7 == 0)
            hashed.erase(static_cast<int>(random() % 3000));
    }
    sets.sort(
        [](const auto &a, const auto &b) { return a.size() < b.size() || (a.size() == b.size() && a < b); });
    for (const auto &[key, list] : ordered)
        sum = sum * 7 + key.size() + list.size() + static_cast<std::uint64_t>(list.back());
    for (const auto &one : sets)
        sum += one.size() * static_cast<std::uint64_t>(*one.begin() + 1);
    for (const auto &text : queue)
        sum += text.size();
    return sum + hashed.size();
}

// Blocks made by one thread, passed on by pointer, freed by another.
class Channel
{
  public:
    void send(std::unique_ptr<std::vector<std::string>> item)
    {
        std::unique_lock<std::mutex> hold(lock_);
        changed_.wait(hold, [this] { return items_.size() < 64; });
        items_.push(std::move(item));
        changed_.notify_all();
    }

    std::unique_ptr<std::vector<std::string>> receive()
    {
        std::unique_lock<std::mutex> hold(lock_);
        changed_.wait(hold, [this] { return !items_.empty(); });
        auto item = std::move(items_.front());
        items_.pop();
        changed_.notify_all();
        return item;
    }

  private:
    std::mutex lock_;
    std::condition_variable changed_;
    std::queue<std::unique_ptr<std::vector<std::string>>> items_;
};

std::uint64_t pipeline()
{
    Channel channel;
    std::atomic<std::uint64_t> total{0};
    std::vector<std::thread> threads;

    for (unsigned id = 0; id < kThreads; id++) {
        threads.emplace_back([&channel, id] {
            for (std::size_t i = 0; i < 2000; i++)
                channel.send(
                    std::make_unique<std::vector<std::string>>(i % 20, std::string(i % 300 + id, 'z')));
            channel.send(nullptr);
        });
        threads.emplace_back([&channel, &total] {
            while (auto item = channel.receive()) {
                for (const auto &text : *item)
                    total += text.size();
            }
        });
    }
    for (auto &thread : threads)
        thread.join();
    return total;
}

std::uint64_t fill(std::pmr::memory_resource *resource, unsigned id)
{
    std::pmr::map<int, std::pmr::string> table(resource);
    std::pmr::vector<std::pmr::vector<int>> rows(resource);
    std::uint64_t sum = 0;

    for (int i = 0; i < 3000; i++) {
        table.emplace(i * 7919 % 3001, std::pmr::string(static_cast<std::size_t>(i % 120) + id, 'p'));
        if (i % 3 == 0)
            rows.emplace_back(static_cast<std::size_t>(i % 50), i);
        if (i % 5 == 0)
            table.erase(i * 31 % 3001);
    }
    for (const auto &[key, text] : table)
        sum = sum * 3 + static_cast<std::uint64_t>(key) + text.size();
    return sum + rows.size();
}

std::uint64_t resources()
{
    std::pmr::synchronized_pool_resource shared;
    std::uint64_t sum = in_threads(kThreads, [&shared](unsigned id) { return fill(&shared, id); });

    sum += in_threads(kThreads, [](unsigned id) {
        std::pmr::unsynchronized_pool_resource pool;
        std::pmr::monotonic_buffer_resource buffer;
        return fill(&pool, id) + fill(&buffer, id) + fill(std::pmr::new_delete_resource(), id);
    });
    return sum;
}

struct alignas(128) Wide {
    std::array<std::uint64_t, 16> value{};
};

struct alignas(4096) Page {
    char byte[4096];
};

std::uint64_t aligned(unsigned id)
{
    std::vector<std::unique_ptr<Wide>> wides;
    std::uint64_t misplaced = 0, sum = 0;

    for (unsigned i = 0; i < 5000; i++) {
        wides.push_back(std::make_unique<Wide>());
        wides.back()->value[i % 16] = i + id;
        misplaced += reinterpret_cast<std::uintptr_t>(wides.back().get()) % alignof(Wide) != 0;
        if (i % 3 == 0)
            wides.erase(wides.begin() + static_cast<std::ptrdiff_t>(i % wides.size()));
        if (i % 100 == 0) {
            std::vector<Page> pages(i % 5 + 1);
            misplaced += reinterpret_cast<std::uintptr_t>(pages.data()) % alignof(Page) != 0;
        }
    }
    for (const auto &wide : wides)
        for (auto value : wide->value)
            sum += value;
    return misplaced == 0 ? sum : 0;
}

std::uint64_t exceptions(unsigned id)
{
    std::uint64_t caught = 0;
    volatile std::size_t absurd = static_cast<std::size_t>(-1) / 4;

    for (unsigned i = 0; i < 3000; i++) {
        try {
            throw std::runtime_error("error " + std::to_string(i) + std::string(i % 200, '!'));
        } catch (const std::exception &error) {
            caught += std::string(error.what()).size();
        }
        try {
            std::unique_ptr<char[]> block(new char[absurd + i]);
            caught += 1000000;
        } catch (const std::bad_alloc &) {
            caught++;
        }
        std::unique_ptr<char[]> none(new (std::nothrow) char[absurd]);
        caught += none == nullptr;
    }
    return caught + id;
}

std::uint64_t many_short_threads()
{
    std::uint64_t sum = 0;

    for (unsigned round = 0; round < 60; round++) {
        std::vector<std::future<std::string>> answers;

        for (unsigned id = 0; id < 5; id++)
            answers.push_back(
                std::async(std::launch::async, [id, round] { return std::string(id * 50 + round, 'a'); }));
        for (auto &answer : answers)
            sum = sum * 3 + answer.get().size();
    }
    return sum;
}

std::uint64_t text(unsigned id)
{
    static const std::regex pattern("([a-z]+)([0-9]+)");
    std::ostringstream out;
    std::vector<std::function<std::any(int)>> makers;

    for (int i = 0; i < 600; i++)
        out << "word" << i * static_cast<int>(id + 1) << (i % 9 == 0 ? "\n" : " ");
    std::string changed = std::regex_replace(out.str(), pattern, "$2:$1");
    makers.push_back([changed](int i) { return std::any(changed.substr(static_cast<std::size_t>(i))); });
    makers.push_back([](int i) { return std::any(std::vector<int>(static_cast<std::size_t>(i), i)); });
    return changed.size() + std::any_cast<std::string>(makers[0](10)).size() +
           std::any_cast<std::vector<int>>(makers[1](77)).size();
}

void show(const char *name, std::uint64_t sum)
{
    std::printf("%-12s %016llx\n", name, static_cast<unsigned long long>(sum));
}

} // namespace

int main()
{
    show("containers", in_threads(kThreads, containers));
    show("pipeline", pipeline());
    show("resources", resources());
    show("aligned", in_threads(kThreads, aligned));
    show("exceptions", in_threads(kThreads, exceptions));
    show("threads", many_short_threads());
    show("text", in_threads(kThreads, text));
    return 0;
}
