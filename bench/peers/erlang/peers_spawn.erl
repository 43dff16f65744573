%% Erlang peers of B6, B8 and B9: many actors.
%% SPDX-License-Identifier: Apache-2.0
-module(peers_spawn).
-export([short_lives/0, skynet/0, idle/0]).

%% B6: actors that get one message and stop; a shared count says when the last
%% one has handled its message, so that no message is sent for that.
short_lives() ->
    Main = self(),
    Count = peers:scaled(200000),
    Seen = atomics:new(1, []),
    Start = peers:now_ns(),
    Spawner = spawn_link(fun() -> spawner(Count, Seen, Count, Main) end),
    Spawner ! go_on,
    peers:join(1),
    Spent = peers:now_ns() - Start,
    peers:print("", Spent / Count, "ns/actor", Count).

spawner(Left, Seen, Count, Main) ->
    receive
        go_on when Left > 0 ->
            [spawn(fun() -> once(Seen, Count, Main) end) ! 1
             || _ <- lists:seq(1, 1000)],
            self() ! go_on,
            spawner(Left - 1000, Seen, Count, Main);
        go_on ->
            ok
    end.

once(Seen, Count, Main) ->
    receive N -> raise(Seen, N, Count, Main) end.

raise(Seen, By, Count, Main) ->
    case atomics:add_get(Seen, 1, By) of
        Count -> Main ! done;
        _ -> ok
    end.

%% B8: a tree, ten children each, a million leaves that answer their number.
skynet() ->
    Leaves = peers:scaled(1000000),
    Main = self(),
    Start = peers:now_ns(),
    spawn_link(fun() -> node_of(0, Leaves, Main) end),
    Sum = receive N -> N end,
    Spent = peers:now_ns() - Start,
    Sum = Leaves * (Leaves - 1) div 2,
    peers:print("", Spent / 1.0e9, "s", Leaves).

node_of(Number, 1, Parent) ->
    Parent ! Number;
node_of(Number, Leaves, Parent) ->
    Self = self(),
    Each = Leaves div 10,
    [spawn(fun() -> node_of(Number + I * Each, Each, Self) end)
     || I <- lists:seq(0, 9)],
    Parent ! sum(10, 0).

sum(0, Sum) -> Sum;
sum(Left, Sum) ->
    receive N -> sum(Left - 1, Sum + N) end.

%% B9: what one more actor costs that has handled one message and waits.
idle() ->
    Main = self(),
    Count = peers:scaled(100000),
    Seen = atomics:new(1, []),
    Before = peers:rss_bytes(),
    spawn_idle(Count, fun() -> idler(Seen, Count, Main) end),
    peers:join(1),
    After = peers:rss_bytes(),
    peers:print("", (After - Before) / Count, "bytes/actor", Count).

%% Keeps no list of the actors, which would be counted with them.
spawn_idle(0, _) -> ok;
spawn_idle(Left, Fun) ->
    spawn(Fun) ! 1,
    spawn_idle(Left - 1, Fun).

idler(Seen, Count, Main) ->
    receive
        N ->
            raise(Seen, N, Count, Main),
            idler(Seen, Count, Main)
    end.
