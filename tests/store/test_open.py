def test_a_new_store_is_open(store):
    with store.read() as tx:
        assert tx.exec_driver_sql("select count(*) from area").scalar() == 0
